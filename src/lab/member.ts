import type { Broker } from '../bridge/broker.ts'
import { wallClock } from '../clock.ts'
import { serve } from '../worker/serve.ts'
import type { Context, Serving } from '../worker/options.ts'
import type { Answer } from '../worker/answer.ts'
import type { Command } from '../worker/command.ts'
import { noDeeds } from './behaviour.ts'
import type { Behaviour, Deeds } from './behaviour.ts'
import { Desk } from './desk.ts'

export type MemberOptions = Readonly<{ broker: Broker; topic: string; group: string; behaviour: Behaviour }>

const taken = 4_096 // as many are taken from a partition and wait here: a worker that falls behind falls behind in its topic too
const never = 1e12

/** A member of the workers' group that works as it is told, and counts how much of that was for nothing. */
export class Member implements AsyncDisposable {
  readonly #deeds = { ...noDeeds }
  #behaviour: Behaviour
  #desk: Desk
  #serving: Serving | null = null
  #heard = Promise.withResolvers<void>() // when other partitions are silent than before

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
    if (change.silent === undefined) return
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#desk.close()
    this.behave({ silent: [] })
    await this.#serving?.close()
  }

  async #handle(command: Command, { signal, expires }: Context): Promise<Answer> {
    if (this.#behaviour.silent.includes(command.place.partition)) this.#deeds.silenced++
    while (this.#behaviour.silent.includes(command.place.partition)) await this.#heard.promise
    const { errorPercent, obeysExpiry, serviceMs } = this.#behaviour
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
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
    this.#desk.add({ serviceMs, begin, end })
    return await promise
  }

  #count(command: Command, expires: number | null): void {
    const at = wallClock()
    this.#deeds.executed++
    if (expires !== null && at > expires) this.#deeds.late++
    const wantedUntil = Number(/"wantedUntil":(\d+)/.exec(command.text())?.[1] ?? Infinity)
    if (at > wantedUntil) this.#deeds.unwanted++
  }
}
