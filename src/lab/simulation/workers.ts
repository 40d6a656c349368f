import type { Outgoing } from '../../bridge/broker.ts'
import { after, now, since, wallClock } from '../../clock.ts'
import { drawMs, noDeeds, slowness } from '../behaviour.ts'
import type { Behaviour, Deeds } from '../behaviour.ts'
import { Desk } from '../desk.ts'

/** What the model of a worker looks at of a command. */
type Command = Readonly<{ record: Outgoing; key: string | null; expires: number; wantedUntil: number }>
type Answer = (record: Outgoing, status: number) => void

/** A model of a worker of the laboratory: places, the order of keys, expiry and what it is told to do wrong. */
class Model {
  readonly desk: Desk
  readonly began = now()
  readonly lanes = new Map<string, Command[]>() // of keys that are being worked on, what waits behind
  constructor(places: number) {
    this.desk = new Desk(places)
  }
}

/** The workers' group, as a model: who is a member, who has which partitions, and what they do with commands. */
export class ModelWorkers {
  readonly deeds = { ...noDeeds }
  readonly #random: () => number
  readonly #answer: Answer
  readonly #sessionMs: number
  readonly #members: (Model | null)[]
  #group: Model[] // those that the group believes in
  #unclaimed: Command[] = []
  #behaviour: Behaviour

  constructor(
    { members, behaviour, sessionMs }: Readonly<{ members: number; behaviour: Behaviour; sessionMs: number }>,
    random: () => number,
    answer: Answer,
  ) {
    this.#behaviour = behaviour
    this.#sessionMs = sessionMs
    this.#random = random
    this.#answer = answer
    this.#group = Array.from({ length: members }, () => new Model(behaviour.places))
    this.#members = [...this.#group]
  }

  get size(): number {
    return this.#group.length
  }

  get done(): Deeds {
    return { ...this.deeds }
  }

  take(record: Outgoing): void {
    const text = record.value === null ? '' : latin1(record.value)
    const expires = Number(textOf(record, 'sluice-expires') ?? Infinity)
    const wantedUntil = wantedUntilOf(text)
    const key = record.key === null ? null : utf8.decode(record.key)
    this.#assign({ record, key, expires, wantedUntil })
  }

  behave(change: Partial<Behaviour>): void {
    this.#behaviour = { ...this.#behaviour, ...change }
  }

  freeze(who: number | 'all'): void {
    for (const member of this.#of(who)) member.desk.halt()
  }

  thaw(who: number | 'all'): void {
    for (const member of this.#of(who)) member.desk.resume()
  }

  kill(who: number | 'all'): void {
    for (const member of this.#of(who)) {
      member.desk.halt()
      this.#forget(member)
      after(this.#sessionMs, () => this.#expel(member))
    }
  }

  leave(who: number | 'all'): void {
    for (const member of this.#of(who)) {
      this.#forget(member)
      this.#group = this.#group.filter(each => each !== member) // what it has it finishes
    }
  }

  join(number: number): void {
    const member = new Model(this.#behaviour.places)
    this.#members[number] = member
    this.#group.push(member)
    const unclaimed = this.#unclaimed
    this.#unclaimed = []
    for (const command of unclaimed) this.#assign(command)
  }

  #of(who: number | 'all'): readonly Model[] {
    const members = who === 'all' ? this.#members : this.#members.slice(who, who + 1)
    return members.filter(member => member !== null)
  }

  #forget(member: Model): void {
    const number = this.#members.indexOf(member)
    if (number !== -1) this.#members[number] = null
  }

  /** What it had and did not finish goes to others. */
  #expel(member: Model): void {
    this.#group = this.#group.filter(each => each !== member)
    const waiting = [...member.lanes.values()].flat()
    member.desk.close()
    for (const command of waiting) this.#assign(command)
  }

  #assign(command: Command): void {
    const member = this.#group[command.record.partition % Math.max(1, this.#group.length)]
    if (member === undefined) return void this.#unclaimed.push(command)
    const lane = command.key ?? String(this.deeds.executed + this.#random())
    const waiting = member.lanes.get(lane)
    if (waiting !== undefined) return void waiting.push(command)
    member.lanes.set(lane, [command])
    this.#begin(member, lane, command)
  }

  #begin(member: Model, lane: string, command: Command): void {
    const own = command.key === null ? undefined : this.#behaviour.keys?.[command.key]
    const { silent, silentPercent = 0, spread = 'fixed', obeysExpiry } = this.#behaviour
    if (silent.includes(command.record.partition) || own?.silent === true || this.#random() * 100 < silentPercent) {
      this.deeds.silenced++
      return
    }
    const meanMs = (own?.serviceMs ?? this.#behaviour.serviceMs) * slowness(this.#behaviour, since(member.began))
    member.desk.add({
      serviceMs: drawMs(meanMs, spread, this.#random),
      begin: () => {
        if (obeysExpiry && wallClock() > command.expires) {
          this.deeds.dropped++
          this.#next(member, lane)
          return false
        }
        this.deeds.executed++
        if (wallClock() > command.expires) this.deeds.late++
        if (wallClock() > command.wantedUntil) this.deeds.unwanted++
        return true
      },
      end: () => {
        const fails = this.#random() * 100 < (own?.errorPercent ?? this.#behaviour.errorPercent)
        if (fails) this.deeds.errors++
        this.#answer(command.record, fails ? 500 : 201)
        this.#next(member, lane)
      },
    })
  }

  /** The next command of the same key. */
  #next(member: Model, lane: string): void {
    const waiting = member.lanes.get(lane)
    waiting?.shift()
    const next = waiting?.[0]
    if (next === undefined) member.lanes.delete(lane)
    else queueMicrotask(() => this.#begin(member, lane, next))
  }
}

/** A header of a record, as text. */
export const textOf = (record: Pick<Outgoing, 'headers'>, name: string): string | null => {
  const value = bytesOf(record, name)
  return value === null ? null : latin1(value)
}
export const bytesOf = ({ headers }: Pick<Outgoing, 'headers'>, name: string): Uint8Array | null =>
  headers.find(([each]) => each === name)?.[1] ?? null

/** Without a copy of the bytes. */
export const latin1 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1')

function wantedUntilOf(text: string): number {
  const at = text.indexOf(wanted)
  return at === -1 ? Infinity : Number.parseInt(text.slice(at + wanted.length, at + wanted.length + 15), 10)
}
const utf8 = new TextDecoder()
const wanted = '"wantedUntil":'
