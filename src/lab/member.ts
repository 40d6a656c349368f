import type { Broker } from '../bridge/broker.ts'
import { now, since, wallClock, within } from '../clock.ts'
import { serve } from '../worker/serve.ts'
import type { Context, Serving } from '../worker/options.ts'
import type { Answer } from '../worker/answer.ts'
import type { Command } from '../worker/command.ts'
import { drawMs, noDeeds, slowness } from './behaviour.ts'
import type { Behaviour, Deeds, PerKey } from './behaviour.ts'
import { Desk } from './desk.ts'

export type MemberOptions = Readonly<{ broker: Broker; topic: string; group: string; behaviour: Behaviour }>

const taken = 4_096 // as many are taken from a partition and wait here: a worker that falls behind falls behind in its topic too
const never = 1e12
const mostToFinishMs = 5_000

/** A member of the workers' group that works as it is told, and counts how much of that was for nothing. */
export class Member implements AsyncDisposable {
  readonly #deeds = { ...noDeeds }
  #behaviour: Behaviour
  #desk: Desk
  #serving: Serving | null = null
  #heard = Promise.withResolvers<void>() // when other partitions are silent than before
  readonly #began = now()
  #leaving = false
  #gone = false

  private constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour
    this.#desk = new Desk(behaviour.places)
  }

  /** Resolves once it is admitted to the group. */
  static async join({ broker, topic, group, behaviour }: MemberOptions): Promise<Member> {
    const member = new Member(behaviour)
    member.#serving = await serve(
      {
        broker,
        topic,
        group,
        concurrency: 12 * taken, // what runs at once is the desk's to say
        ahead: taken,
        from: 'end',
        stopMs: 0,
        ...(!behaviour.obeysExpiry && { clockSkewMs: never }),
      },
      (command, context) => member.#handle(command, context),
    )
    return member
  }

  get deeds(): Deeds {
    return { ...this.#deeds, dropped: this.#deeds.dropped + (this.#serving?.counters.expired ?? 0) }
  }

  behave(change: Partial<Behaviour>): void {
    this.#behaviour = { ...this.#behaviour, ...change }
    if (change.places !== undefined) this.#desk = new Desk(change.places)
    if (change.silent === undefined && change.silentPercent === undefined && change.keys === undefined) return
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
  }

  /** As a process that is stopped: it stays in its group, and does nothing. */
  freeze(): void {
    this.#desk.halt()
  }

  thaw(): void {
    this.#desk.resume()
  }

  /** As in a deployment: it begins nothing more, finishes what it has, and leaves its group. */
  async leave(): Promise<void> {
    this.#leaving = true
    await within(mostToFinishMs, this.#desk.idle())
    await this[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone = true
    this.#desk.close()
    this.behave({ silent: [], silentPercent: 0, keys: {} })
    await this.#serving?.close()
  }

  async #handle(command: Command, { signal, expires }: Context): Promise<Answer> {
    const lot = Math.random() * 100
    const isSilent = (): boolean => this.#silent(command, lot)
    if (isSilent()) this.#deeds.silenced++
    while (isSilent()) await this.#heard.promise
    const { obeysExpiry, spread = 'fixed' } = this.#behaviour
    const { serviceMs, errorPercent } = { ...this.#behaviour, ...told(this.#perKey(command)) }
    const tookMs = slowness(this.#behaviour, since(this.#began)) * drawMs(serviceMs, spread, Math.random)
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    signal.addEventListener('abort', () => this.#gone && reject(new Error('The worker has gone.')), { once: true })
    const begin = (): boolean => {
      if (obeysExpiry && signal.aborted) {
        reject(new Error('It has expired.')) // counted by who serves
        return false
      }
      this.#count(command, expires)
      return true
    }
    const end = (): void => {
      const fails = Math.random() * 100 < errorPercent
      if (fails) this.#deeds.errors++
      resolve(fails ? { status: 500, body: { error: 'as asked' } } : { status: 201, body: command.body })
    }
    if (!this.#leaving) this.#desk.add({ serviceMs: tookMs, begin, end }) // else another member will get it
    return await promise
  }

  #silent(command: Command, lot: number): boolean {
    const { silent, silentPercent = 0 } = this.#behaviour
    return silent.includes(command.place.partition) || lot < silentPercent || this.#perKey(command)?.silent === true
  }

  #perKey({ key }: Command): PerKey | undefined {
    const { keys } = this.#behaviour
    return keys === undefined || key === null ? undefined : keys[Buffer.from(key).toString()]
  }

  #count(command: Command, expires: number | null): void {
    const at = wallClock()
    this.#deeds.executed++
    if (expires !== null && at > expires) this.#deeds.late++
    const wantedUntil = Number(/"wantedUntil":(\d+)/.exec(command.text())?.[1] ?? Infinity)
    if (at > wantedUntil) this.#deeds.unwanted++
  }
}

/** What is said of a key, without what is not. */
const told = ({ serviceMs, errorPercent }: Partial<PerKey> = {}): Partial<Behaviour> => ({
  ...(serviceMs !== undefined && { serviceMs }),
  ...(errorPercent !== undefined && { errorPercent }),
})
