import { availableParallelism } from 'node:os'
import { beside, Child } from '../child.ts'
import type { Result } from '../result.ts'
import type { FromSimulator, ToSimulator } from './process.ts'
import type { Asked } from './simulate.ts'

const roomy = '--max-semi-space-size=32' // what a request leaves behind is little, and soon forgotten
type Simulator = Child<ToSimulator, FromSimulator>

/** Simulates all of them, as many at once as there are cores; the results in the order asked. Throws the first failure. */
export async function simulateAll(
  asked: readonly Asked[],
  done: (count: number) => void = () => {},
): Promise<readonly Result[]> {
  const results: Result[] = []
  let [next, count] = [0, 0]
  const one = async (): Promise<void> => {
    const simulator: Simulator = new Child('a simulation', [roomy, beside('simulation/process.ts')])
    try {
      await simulator.told('ready')
      for (let number = next++; number < asked.length; number = next++) {
        results[number] = await simulated(simulator, number, asked[number] as Asked)
        done(++count)
      }
    } finally {
      simulator.signal('SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: Math.min(asked.length, availableParallelism()) }, one))
  return results
}

/** Has one simulated; throws why it failed. */
async function simulated(simulator: Simulator, number: number, asked: Asked): Promise<Result> {
  simulator.tell({ kind: 'simulate', number, asked })
  const { result, why } = await simulator.told('simulated')
  if (result === null) throw new Error(`The simulation failed: ${why}`)
  return result
}
