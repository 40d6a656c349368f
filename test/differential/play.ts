import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { avroCase } from './avro.ts'
import { protobufCase } from './protobuf.ts'
import { Random } from './random.ts'

const folder = join(import.meta.dirname, '..', '..', '.cache', 'differential')
const python = join(folder, 'venv', 'bin', 'python')
const perCase = 50

/** Fetches fastavro and protobuf from PyPI unless they are there. Throws one line when it cannot. */
export function prepared(): void {
  if (existsSync(join(folder, 'done'))) return
  mkdirSync(folder, { recursive: true })
  const requirements = join(import.meta.dirname, 'requirements.txt')
  for (const [program, ...args] of [
    ['python3', '-m', 'venv', join(folder, 'venv')],
    [python, '-m', 'pip', 'install', '--quiet', '--requirement', requirements],
  ] as const) {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 300_000 })
    if (status !== 0)
      throw new Error(`${program} ${args.slice(0, 3).join(' ')} failed: ${(stderr ?? '').trim().split('\n').at(-1)}`)
  }
  cpSync(requirements, join(folder, 'done'))
}

/** Compares so many values of each form with the reference implementations; the differences, by form. */
export async function differences(
  values: number,
  seed: number,
): Promise<Readonly<Record<'avro' | 'protobuf', readonly string[]>>> {
  const child = spawn(python, [join(import.meta.dirname, 'peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    await lines.next()
    const random = new Random(seed)
    const all = { avro: Array.of<string>(), protobuf: Array.of<string>() }
    for (let done = 0; done < values; done += perCase)
      for (const [form, make] of [
        ['avro', avroCase],
        ['protobuf', protobufCase],
      ] as const) {
        child.stdin.write(`${JSON.stringify(make(random, perCase))}\n`)
        const { value, done: ended } = await lines.next()
        if (ended === true) throw new Error('The reference has ended.')
        all[form].push(...(JSON.parse(value) as string[]))
      }
    return all
  } finally {
    child.kill()
  }
}
