import { Aborter } from '../../aborter.ts'
import type { Service } from '../../call.ts'
import { fromTheWire } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Acknowledged, Outgoing } from '../broker.ts'
import { cancelHeaders } from '../wire/index.ts'
import type { Dialect } from '../wire/index.ts'
import type { Operations } from './operations.ts'
import { correlationFor } from './returns.ts'
import type { Returns } from './returns.ts'
import type { Operation } from './entry.ts'

export type CancelParts = Readonly<{
  operations: Operations
  returns: Pick<Returns, 'place'>
  publish: Service<Outgoing, Acknowledged>
  /** The dialect of a worker that understands cancel records, null for any other: it would take one for a command. */
  dialectOf: (worker: string) => Dialect | null
}>

const waitMs = 3_000

/** Asks workers to drop or stop the commands of operations. */
export class Cancels {
  readonly #asking = new Map<string, Aborter>() // who waits for the word of a worker

  /** The worker of this operation goes on although it was asked to stop. */
  refused(id: string): void {
    this.#asking.get(id)?.abort(null)
  }

  /**
   * Asks, and waits a little for what the worker says. Resolves with the operation, which may be pending still. Throws
   * operation-running when the worker refuses, cannot be asked, or has finished, and what publishing throws.
   */
  async cancel(parts: CancelParts, operation: Operation): Promise<Operation | null> {
    const { id, ending, accepted } = operation
    if (ending?.said.kind === 'cancelled') return operation
    if (ending !== null) throw running('It has ended already.')
    if (operation.run !== null) throw running('A process ends by its steps alone.')
    const dialect = parts.dialectOf(accepted.worker)
    if (dialect === null) throw running(`${accepted.worker} cannot be told: see workers.*.cancel.`)
    const refusal = this.#asking.get(id) ?? new Aborter()
    this.#asking.set(id, refusal)
    try {
      await ask(parts, operation, dialect)
      const now = await parts.operations.ended(id, waitMs, refusal)
      const end = now?.ending?.said.kind
      if (end !== undefined && end !== 'cancelled') throw running('It ended before its worker was told.')
      if (end === undefined && refusal.aborted) throw running(`${accepted.worker} has begun, and goes on.`)
      return now
    } finally {
      if (this.#asking.get(id) === refusal) this.#asking.delete(id)
    }
  }
}

async function ask({ publish, returns }: CancelParts, { id, accepted }: Operation, dialect: Dialect): Promise<void> {
  const { target, command, secret, expires } = accepted
  const { topic, partition, key } = target
  const headers = cancelHeaders({
    dialect,
    command,
    correlation: correlationFor(id, secret),
    expires: fromTheWire(expires),
    reply: returns.place,
  })
  const record = { topic, partition, key: key === null ? null : Buffer.from(key, 'base64'), value: null, headers }
  await publish({ ...record, acks: 'all', signal: new Aborter() })
}

const running = (why: string): Problem => new Problem('operation-running', why)
