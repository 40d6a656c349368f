// Simulations in a process of its own, as its clock is no longer the world's.
import type { Result } from '../result.ts'
import type { Asked } from './simulate.ts'
import { VirtualTime } from './time.ts'

export type ToSimulator = Readonly<{ kind: 'simulate'; number: number; asked: Asked }>
export type FromSimulator =
  | Readonly<{ kind: 'ready' }>
  | Readonly<{ kind: 'simulated'; number: number; result: Result | null; why: string }> // null: it failed

const tell = (said: FromSimulator): void => void process.send?.(said)
const hour = 3_600_000 // in the first moments of a process, what never happened was not long ago
const time = new VirtualTime(undefined, hour)
time.install()
const { simulate } = await import('./simulate.ts') // with this clock from the beginning

process.on('message', ({ number, asked }: ToSimulator) => {
  void simulate(asked, time).then(
    result => tell({ kind: 'simulated', number, result, why: '' }),
    (error: Error) => tell({ kind: 'simulated', number, result: null, why: error.message }),
  )
})
process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(1))
tell({ kind: 'ready' })
