import type { MemoryBroker } from '../bridge/memory.ts'
import { after } from '../clock.ts'
import { noDeeds } from './behaviour.ts'
import type { Behaviour, Deeds } from './behaviour.ts'
import type { Who } from './crew.ts'
import { Member } from './member.ts'
import type { Action } from './timeline.ts'
import { TopicReader } from './topicreader.ts'

export type Staff = Readonly<{
  topic: string
  group: string
  members: number
  partitions: number
  behaviour: Behaviour
  sessionMs: number // when the group learns of a member that was killed
}>

/** The broker and the workers within the process of the gateway, and what can befall them there. */
export class Indoors {
  readonly #broker: MemoryBroker
  readonly #staff: Staff
  readonly #reader: TopicReader
  readonly #members: (Member | null)[] = []
  readonly #all: Member[] = []
  #behaviour: Behaviour

  private constructor(broker: MemoryBroker, staff: Staff, reader: TopicReader) {
    this.#broker = broker
    this.#staff = staff
    this.#reader = reader
    this.#behaviour = staff.behaviour
  }

  static async open(broker: MemoryBroker, staff: Staff): Promise<Indoors> {
    const { topic: name, partitions, members } = staff
    await broker.admin.create([{ name, partitions, replication: 1, config: {} }])
    const indoors = new Indoors(broker, staff, await TopicReader.open(broker, name))
    for (let number = 0; number < members; number++) await indoors.#join(number)
    return indoors
  }

  /** What all that ever were members did together. */
  get deeds(): Deeds {
    const total = { ...noDeeds }
    for (const { deeds } of this.#all)
      for (const name of Object.keys(total) as (keyof Deeds)[]) total[name] += deeds[name]
    return total
  }

  get commands(): Readonly<Record<string, number>> {
    return this.#reader.commands
  }

  /** Throws what cannot be done here. */
  async act(action: Action): Promise<void> {
    switch (action.do) {
      case 'freeze':
      case 'thaw':
        for (const member of this.#of(action.who)) member[action.do]()
        return
      case 'kill':
        for (const member of this.#of(action.who)) this.#kill(member)
        return
      case 'leave':
        await Promise.all(this.#of(action.who).map(member => this.#leave(member)))
        return
      case 'join':
        return await this.#join(action.who)
      case 'behave':
        if (action.who === 'all') this.#behaviour = { ...this.#behaviour, ...action.change }
        for (const member of this.#of(action.who)) member.behave(action.change)
        return
      case 'kill-broker':
        return this.#broker.outage()
      case 'start-broker':
        return this.#broker.restore()
      case 'pause-broker':
        return this.#broker.pause()
      case 'resume-broker':
        return this.#broker.resume()
      case 'lose-leader':
        return this.#broker.slow(Infinity)
      case 'elect-leader':
        return this.#broker.slow(0)
      case 'cut-replies':
      case 'heal-replies':
      case 'network':
      case 'rule':
        throw new Error(`${action.do} is nothing that befalls workers or broker.`)
    }
  }

  #of(who: Who): readonly Member[] {
    const members = who === 'all' ? this.#members : this.#members.slice(who, who + 1)
    return members.filter(member => member !== null)
  }

  async #join(number: number): Promise<void> {
    const { topic, group } = this.#staff
    const member = await Member.join({ broker: this.#broker, topic, group, behaviour: this.#behaviour })
    this.#members[number] = member
    this.#all.push(member)
  }

  /** As a lost machine: it does nothing more, and its group learns of it when its session ends. */
  #kill(member: Member): void {
    member.freeze()
    this.#forget(member)
    after(this.#staff.sessionMs, () => void member[Symbol.asyncDispose]())
  }

  async #leave(member: Member): Promise<void> {
    this.#forget(member)
    await member.leave()
  }

  #forget(member: Member): void {
    const number = this.#members.indexOf(member)
    if (number !== -1) this.#members[number] = null
  }
}
