import type { Call, Policy, Service } from '../../call.ts'
import { Circuit } from './circuit.ts'
import type { CircuitOptions } from './health.ts'

const most = 1_000

/**
 * A circuit for each tenant of a worker that several share: its failures alone close the worker to it alone. At most a thousand
 * are kept, those that have called most recently.
 */
export class TenantCircuits implements Disposable {
  readonly #options: CircuitOptions
  readonly #most: number
  readonly #circuits = new Map<string, Circuit>()

  constructor(options: CircuitOptions, atMost = most) {
    this.#options = options
    this.#most = atMost
  }

  of(tenant: string): Circuit {
    const { name } = this.#options
    const circuit = this.#circuits.get(tenant) ?? new Circuit({ ...this.#options, name: `${name}/${tenant}` })
    this.#circuits.delete(tenant)
    this.#circuits.set(tenant, circuit)
    if (this.#circuits.size > this.#most) this.#forgetOldest()
    return circuit
  }

  /** There is news of the worker that all share. */
  each(does: (circuit: Circuit) => void): void {
    for (const circuit of this.#circuits.values()) does(circuit)
  }

  [Symbol.dispose](): void {
    for (const circuit of this.#circuits.values()) circuit[Symbol.dispose]()
  }

  #forgetOldest(): void {
    for (const [tenant, circuit] of this.#circuits) {
      circuit[Symbol.dispose]()
      this.#circuits.delete(tenant)
      return
    }
  }
}

/** Wraps what is asked for a tenant by its own circuit, too; an operator's word on that of the worker is above it. */
export const perTenant =
  <Out>(
    circuits: TenantCircuits,
    worker: Pick<Circuit, 'forced'>,
    wrap: (circuit: Circuit) => Policy<Call, Out>,
  ): Policy<Call, Out> =>
  next => {
    const services = new WeakMap<Circuit, Service<Call, Out>>()
    return function tenant(call) {
      if (call.tenant === undefined || worker.forced !== null) return next(call)
      const circuit = circuits.of(call.tenant.name)
      let service = services.get(circuit)
      if (service === undefined) services.set(circuit, (service = wrap(circuit)(next)))
      return service(call)
    }
  }
