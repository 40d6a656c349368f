import type { Attendance, FromMember, ToMember } from './attend.ts'
import type { Behaviour, Deeds } from './behaviour.ts'
import { noDeeds } from './behaviour.ts'
import { beside, Child } from './child.ts'

type Process = Child<ToMember, FromMember>
/** A member by its number from 0, or all of them. */
export type Who = number | 'all'

/** The workers of a run: members of one group, each a process, so that one can be lost. */
export class Crew implements AsyncDisposable {
  readonly #attendance: Attendance
  readonly #members: Process[] = []
  readonly #deeds = new Map<Process, Deeds>()

  constructor(attendance: Attendance) {
    this.#attendance = attendance
  }

  /** Those that live, frozen ones included. */
  get pids(): readonly number[] {
    return this.#members.filter(({ alive }) => alive).map(({ pid }) => pid)
  }

  /** What all that ever were members did together. */
  get deeds(): Deeds {
    const total = { ...noDeeds }
    for (const deeds of this.#deeds.values())
      for (const name of Object.keys(total) as (keyof Deeds)[]) total[name] += deeds[name]
    return total
  }

  /** Puts a member in this place; resolves once it is admitted to the group. */
  async join(number: number): Promise<void> {
    const member: Process = new Child(`worker ${number}`, [beside('attend.ts')])
    this.#members[number] = member
    member.hear(said => {
      if (said.kind === 'deeds') this.#deeds.set(member, said.deeds)
    })
    await member.told('ready')
    member.tell({ kind: 'attend', attendance: this.#attendance })
    await member.told('serving')
  }

  behave(who: Who, change: Partial<Behaviour>): void {
    for (const member of this.#of(who)) member.tell({ kind: 'behave', change })
  }

  /** SIGSTOP: it stands still, its connections stay. */
  freeze(who: Who): void {
    for (const member of this.#of(who)) member.signal('SIGSTOP')
  }

  /** SIGCONT: it goes on where it stood. */
  thaw(who: Who): void {
    for (const member of this.#of(who)) member.signal('SIGCONT')
  }

  /** As a lost machine: its group does not hear of it. */
  kill(who: Who): void {
    for (const member of this.#of(who)) member.signal('SIGKILL')
  }

  /** As in a deployment: it leaves its group and ends. */
  async leave(who: Who): Promise<void> {
    const members = this.#of(who)
    for (const member of members) member.tell({ kind: 'leave' })
    await Promise.all(members.map(member => member.gone(10_000)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('all')
    await Promise.all(this.#members.map(member => member.gone(1_000)))
  }

  #of(who: Who): readonly Process[] {
    return who === 'all' ? this.#members : this.#members.slice(who, who + 1)
  }
}
