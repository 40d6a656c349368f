// The generator as a process of its own: told its load by its parent, tells what came of it, and ends.
import { Generator } from './generator.ts'
import type { Load } from './generator.ts'

process.once('message', (load: Load) => {
  void new Generator(load)
    .run()
    .then(generated => process.send?.({ kind: 'generated', generated }, () => process.exit(0)))
})
process.once('disconnect', () => process.exit(1)) // with whoever started it
process.send?.({ kind: 'ready' })
