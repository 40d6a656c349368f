// Loaded into a gateway before anything else (node --import): when told to, says what lives on its heap.
import { appendFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void
const file = process.env['HEAP_FILE'] ?? ''

process.on('SIGUSR2', () => {
  gc()
  appendFileSync(file, `${process.memoryUsage().heapUsed / 2 ** 20}\n`)
})
