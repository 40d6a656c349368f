import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes on the heap that what `make` makes keeps alive. */
export async function heapOf(make: () => unknown): Promise<number> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const used = async (): Promise<number> => {
    await new Promise(resolve => setImmediate(resolve)) // what the last turn still holds
    gc()
    return process.memoryUsage().heapUsed
  }
  const before = await used()
  const made = await make()
  const bytes = (await used()) - before
  return made === undefined ? 0 : bytes // it must still be there
}
