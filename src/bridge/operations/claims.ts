import type { Call, Reply } from '../../call.ts'
import { until, wallClock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { undoneReply } from '../processes/account.ts'
import { newId, secretOf } from './event.ts'
import type { Holding } from './event.ts'
import { acceptedOf } from './operable.ts'
import type { Terms } from './operable.ts'
import type { Operations } from './operations.ts'
import { accepted } from './state.ts'
import type { Operation } from './entry.ts'

/** Whose the key is: this call's, which runs the command, or another's of before, whose answer is its answer. */
export type Claimed = Readonly<
  { kind: 'won'; id: string; secret: string } | { kind: 'held'; fingerprint: string; holder: Held }
>
/** A command that holds a key. */
export type Held = Readonly<{
  /** How it ended; null while it runs. */
  ending: () => Reply | Problem | null
  /** Waits for its end, and resolves with that, null when it has none within `limitMs`. */
  wait: (call: Call, limitMs: number) => Promise<Reply | Problem | null>
  /** 202, when its client waits no longer. */
  pending: () => Reply
}>

const mostTries = 3

/**
 * Keys that commands hold, decided by the log: whoever wants one appends its claim, reads on until its own record comes back,
 * and has the key if no other claim came before it. No lock and no clock.
 */
export class Claims {
  readonly #operations: Operations
  readonly #terms: Terms
  readonly #deciding = new Map<string, Promise<unknown>>() // by scope: a claim of ours whose record is not back yet

  constructor(operations: Operations, terms: Terms) {
    this.#operations = operations
    this.#terms = terms
  }

  /** Throws operations-full, or what publishing throws: the command is not sent then. */
  async claim(call: Call, holding: Holding): Promise<Claimed> {
    const { view } = this.#operations
    for (let tries = 0; ; tries++) {
      await this.#deciding.get(holding.scope)
      const before = view.holder(holding.scope)
      const isOver = before?.ended === true && wallClock() >= before.due // its window is
      if (before !== null && !isOver) return this.#held(before.open())
      if (before !== null) await this.#operations.forget(before.id)
      if (this.#deciding.has(holding.scope)) continue // somebody else of us was quicker
      const [id, secret] = [newId(), secretOf()]
      const won = await this.#decide(holding.scope, () => this.#append(call, id, secret, holding))
      const holder = view.holder(holding.scope)
      if (won && holder?.id === id) return { kind: 'won', id, secret }
      // who was first may be gone already: not sent, or expired
      if (holder !== null) return this.#held(holder.open())
      if (tries === mostTries) throw new Problem('key-in-flight', 'Too many want this key.', { retryAfterMs: 1_000 })
    }
  }

  /** Frees the key of a command that was certainly not sent. */
  release(id: string): Promise<void> {
    return this.#operations.forget(id)
  }

  /** Those of one instance do not compete: all but the first wait for its record. */
  async #decide(scope: string, append: () => Promise<boolean>): Promise<boolean> {
    const deciding = append()
    const settled = deciding.catch(() => {})
    this.#deciding.set(scope, settled)
    try {
      return await deciding
    } finally {
      this.#deciding.delete(scope)
    }
  }

  /** False when another was first: then the claim is taken back. A process begins with its claim, which is never taken back. */
  async #append(call: Call, id: string, secret: string, holds: Holding): Promise<boolean> {
    const accepted = { ...acceptedOf(call, this.#operations.incarnation, this.#terms, secret), holds }
    const accepting = this.#operations.accept(id, accepted)
    try {
      await (accepted.process === undefined ? accepting : beginning(call.progress, accepting))
    } catch (error) {
      const problem = Problem.from(error)
      if (accepted.process !== undefined) throw problem
      if (problem.outcome !== 'not-sent') void this.#operations.forget(id, accepted)
      throw problem.withOutcome('not-sent') // of the claim it may be in doubt, of the command it is not
    }
    const won = this.#operations.view.entry(id) !== null
    if (!won) {
      call.progress.outcome = 'not-sent'
      void this.#operations.forget(id, accepted)
    }
    return won
  }

  #held({ id, accepted: { holds } }: Operation): Claimed {
    const operations = this.#operations
    const ending = (): Reply | Problem | null => endingOf(operations.view.get(id))
    return {
      kind: 'held',
      fingerprint: holds?.fingerprint ?? '',
      holder: {
        ending,
        wait: async (call, limitMs) => {
          await operations.ended(id, Math.min(limitMs, until(call.deadline)), call.signal)
          return ending()
        },
        pending: () => {
          const { path, retryAfterMs } = this.#terms
          const operation = operations.view.get(id)
          if (operation === null) throw gone()
          return accepted(operation, path, retryAfterMs)
        },
      },
    }
  }
}

/** A process begins with its record in the log: what is known of that is known of the call. */
export async function beginning(progress: Call['progress'], accepting: Promise<void>): Promise<void> {
  progress.outcome = 'in-doubt'
  try {
    await accepting
    progress.outcome = 'sent'
  } catch (error) {
    const problem = Problem.from(error)
    progress.outcome = problem.outcome
    throw problem
  }
}

/** How an operation ended, as its client is told; null while it goes on. */
export function endingOf(operation: Operation | null): Reply | Problem | null {
  if (operation === null) return gone()
  const said = operation.ending?.said
  if (said === undefined) return null
  if (said.kind === 'completed') return said.reply()
  if (said.kind === 'failed' && operation.run !== null) return undoneReply(operation.run, said)
  if (said.kind === 'failed') return new Problem(said.code, said.detail, { outcome: said.outcome })
  if (said.kind === 'cancelled') return new Problem('operation-cancelled', 'Its client cancelled it.')
  const { outcome } = said
  if (outcome === undefined) return new Problem('operation-expired', 'Its worker did not answer in time.')
  const why =
    outcome === 'not-sent' ? 'was not sent in its time' : 'may have been sent, and was not answered in its time'
  return new Problem('operation-expired', `The command ${why}.`, { outcome })
}

/** The command was not sent after all. */
const gone = (): Problem =>
  new Problem('broker-unavailable', 'The request that held this key could not be sent.', { retryAfterMs: 1_000 })
