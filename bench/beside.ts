import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Task } from './load.ts'
import { firstAnswer, freePort, generate, pass, Running } from './process.ts'
import type { Environment } from './process.ts'
import { median, spread } from './table.ts'

const slices = 10 // of each round: short ones by turns, as a machine may be busier in one second than in the next
export const load = { connections: 256, warmMs: 200, measureMs: 600 }

/** What a gateway is to have: the text of its configuration, by the shipped one. */
export type Configure = (shipped: string) => string
export type Gateway = Readonly<{ running: Running; port: number }>
export type Sample = Readonly<{ perSecond: number; cpuUs: number }>

export async function open(
  folder: string,
  name: string,
  configure: Configure,
  broker: 'embedded' | 'away',
  env: Environment = {},
): Promise<Gateway> {
  const file = join(folder, `${name}.yaml`)
  writeFileSync(file, configure(readFileSync(join(import.meta.dirname, 'gateway.yaml'), 'utf8')))
  const [port, admin] = [await freePort(), await freePort()]
  const set = [
    `server.port=${port}`,
    `admin.port=${admin}`,
    'broker.createTopics=true',
    'log.level=silent',
    'overload.mode=off',
  ]
  const args = [
    'src/main.ts',
    'start',
    file,
    ...(broker === 'embedded' ? ['--demo'] : []),
    ...set.flatMap(one => ['--set', one]),
  ]
  const running = new Running(name, args, { KAFKA_BROKERS: broker === 'embedded' ? '' : '127.0.0.1:1', ...env })
  if (broker === 'embedded') await firstAnswer(running, port, performance.now())
  else
    while ((await fetch(`http://127.0.0.1:${admin}/livez`).catch(() => null))?.ok !== true) {
      running.expectAlive()
      await pass(50)
    }
  return { running, port }
}

export async function measure({ running, port }: Gateway, task: Omit<Task, 'port'>): Promise<Sample> {
  let [before, after] = [0, 0]
  const measured = await generate('bench/load.ts', { ...task, port }, {}, border => {
    if (border === 'begin') before = running.cpuUs()
    else after = running.cpuUs()
  })
  running.expectAlive()
  const { answered, seconds, refused, errors } = measured
  if (errors > 0 || Object.keys(refused).length > 0)
    console.log(`  not accepted: ${JSON.stringify({ refused, errors })}`)
  return { perSecond: answered / seconds, cpuUs: (after - before) / answered }
}

/**
 * The throughput of a route in a gateway that has something on other routes, divided by that in one without it: of each round the
 * median of slices by turns.
 */
export async function beside(folder: string, rounds: number, configure: Configure): Promise<readonly number[]> {
  const bare = await open(folder, 'bare', shipped => shipped, 'embedded')
  const other = await open(folder, 'having', configure, 'embedded')
  await measure(bare, { ...load, measureMs: 3_000 })
  await measure(other, { ...load, measureMs: 3_000 })
  const [rates, costs]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const slice: { rate: number; cpu: number }[] = []
    for (let i = 0; i < slices; i++) {
      const first = i % 2 === 0 ? ([bare, other] as const) : ([other, bare] as const)
      const [a, b] = [await measure(first[0], load), await measure(first[1], load)]
      const [without, having] = i % 2 === 0 ? [a, b] : [b, a]
      slice.push({ rate: having.perSecond / without.perSecond, cpu: having.cpuUs / without.cpuUs })
    }
    rates.push(median(slice.map(({ rate }) => rate)))
    costs.push(median(slice.map(({ cpu }) => cpu)))
  }
  await Promise.all([bare.running.stop(), other.running.stop()])
  console.log(
    `A route that uses none of it, in a gateway that has it on other routes ÷ in one without, ${rounds} rounds:`,
  )
  console.log(`  throughput ${spread(rates)}, CPU an answer ${spread(costs)}`)
  return rates
}
