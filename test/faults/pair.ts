import { writeFileSync } from 'node:fs'
import { folder } from '../help/folder.ts'
import type { Scope } from '../help/scope.ts'
import { freePort, sluice } from '../help/sluice.ts'
import type { Sluice } from '../help/sluice.ts'
import { sleep, until } from './time.ts'

type Instance = { readonly url: string; readonly admin: string; readonly launch: () => Sluice; process: Sluice }

/** Two instances of one configuration, each of which always comes back to its own port. */
export class Pair {
  readonly #instances: readonly [Instance, Instance]
  kills = 0

  private constructor(instances: readonly [Instance, Instance]) {
    this.#instances = instances
  }

  static async open(scope: Scope, config: string): Promise<Pair> {
    const file = `${folder(scope)}/gateway.yaml`
    writeFileSync(file, config)
    const one = async (name: string): Promise<Instance> => {
      const [port, admin] = [await freePort(), await freePort()]
      const set = ['server.host=127.0.0.1', `server.port=${port}`, `admin.port=${admin}`, `instance.id=${name}`]
      const launch = (): Sluice => sluice(scope, ['start', file, ...set.flatMap(each => ['--set', each])])
      return { url: `http://127.0.0.1:${port}`, admin: `http://127.0.0.1:${admin}`, launch, process: launch() }
    }
    const pair = new Pair([await one('one'), await one('two')])
    await Promise.all(pair.#instances.map(instance => ready(instance)))
    return pair
  }

  /** Where the nth request goes; the other one is `n + 1`. */
  url(n: number): string {
    return this.#instances[n % 2 === 0 ? 0 : 1].url
  }

  /** Kills one of them with -9, the other one next time, and resolves once it serves again and a moment has passed. */
  async kill(): Promise<void> {
    const instance = this.#instances[this.kills++ % 2 === 0 ? 0 : 1]
    instance.process.kill('SIGKILL')
    await instance.process.ended
    instance.process = instance.launch()
    await ready(instance)
    await sleep(500 + Math.random() * 1_500)
  }
}

/** Resolves once it is ready; throws with what it said when it has ended. */
async function ready({ admin, process }: Instance): Promise<void> {
  await until('the gateway is ready', 60_000, async () => {
    if (process.code !== null) throw new Error(`It ended with ${process.code}: ${process.err}`)
    return await fetch(`${admin}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  })
}
