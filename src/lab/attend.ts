// A member of the workers' group as a process of its own: told what to serve and how by its parent, tells what it does.
import { every, wallClock } from '../clock.ts'
import { connect } from '../worker/connect.ts'
import type { Behaviour, Deeds } from './behaviour.ts'
import { Member } from './member.ts'

export type Attendance = Readonly<{ brokers: string; topic: string; group: string; behaviour: Behaviour }>
export type ToMember =
  | Readonly<{ kind: 'attend'; attendance: Attendance }>
  | Readonly<{ kind: 'behave'; change: Partial<Behaviour> }>
  | Readonly<{ kind: 'leave' }>
export type FromMember = Readonly<{ kind: 'ready' | 'serving' }> | Readonly<{ kind: 'deeds'; at: number; deeds: Deeds }>

const tellEveryMs = 250
const tell = (said: FromMember): void => void process.send?.(said)
let leave = async (): Promise<void> => {}
let member: Member | null = null

async function attend({ brokers, topic, group, behaviour }: Attendance): Promise<void> {
  const broker = await connect({ brokers, clientId: group })
  member = await Member.join({ broker, topic, group, behaviour })
  const one = member
  const telling = every(tellEveryMs, () => tell({ kind: 'deeds', at: wallClock(), deeds: one.deeds }))
  leave = async () => {
    telling[Symbol.dispose]()
    await one.leave()
    await broker[Symbol.asyncDispose]()
    tell({ kind: 'deeds', at: wallClock(), deeds: one.deeds })
  }
  tell({ kind: 'serving' })
}

process.on('message', (said: ToMember) => {
  if (said.kind === 'attend') void attend(said.attendance)
  else if (said.kind === 'behave') member?.behave(said.change)
  else void leave().then(() => process.exit(0))
})
process.on('SIGINT', () => {}) // from a terminal: for whoever started it
process.once('disconnect', () => process.exit(1)) // with whoever started it
tell({ kind: 'ready' })
