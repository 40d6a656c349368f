// The generator as a process of its own: told its load by its parent, tells how it goes and what came of it, and ends.
import { Generator } from './generator.ts'
import type { Generated, Load, Progress } from './generator.ts'

/** `last`: the process ends after it; others warm it. */
export type ToGenerator = (Load & Readonly<{ last: boolean }>) | Readonly<{ kind: 'stop' }>
export type FromGenerator =
  | Readonly<{ kind: 'ready' }>
  | Readonly<{ kind: 'progress'; progress: Progress }>
  | Readonly<{ kind: 'generated'; generated: Generated }>

const tell = (said: FromGenerator, then: () => void = () => {}): void => void process.send?.(said, then)
let generator: Generator | null = null

process.on('message', (said: ToGenerator) => {
  if ('kind' in said) return generator?.stop()
  generator = new Generator(said, { watch: progress => tell({ kind: 'progress', progress }) })
  void generator.run().then(generated => tell({ kind: 'generated', generated }, () => said.last && process.exit(0)))
})
process.once('disconnect', () => process.exit(1)) // with whoever started it
process.on('SIGINT', () => {}) // from a terminal: for whoever started it
tell({ kind: 'ready' })
