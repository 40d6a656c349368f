import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', '..', '.cache', 'kafka-http-proxy-1.0.1')
const bin = (name: string): string => join(folder, 'bin', name)

/** What is published serves no request; these are the smallest changes with which it does. */
const mended = [
  ['processor/service.py', '\t\tself.topic_configs', '        self.topic_configs'], // TabError: the module cannot be loaded
  ['proxy/service.py', '{kafka_message.path}', "{kafka_message['path']}"], // AttributeError: 500 for each request
] as const

/** Fetches kafka-http-proxy from PyPI unless it is there; its interpreter and its server. Throws one line when it cannot. */
export function installed(): Readonly<{ python: string; uvicorn: string }> {
  const programs = { python: bin('python'), uvicorn: bin('uvicorn') }
  if (existsSync(join(folder, 'done'))) return programs
  mkdirSync(folder, { recursive: true })
  run('python3', ['-m', 'venv', folder])
  run(bin('pip'), ['install', '--quiet', '--requirement', join(import.meta.dirname, 'requirements.txt')])
  const [source] = globSync(join(folder, 'lib', '*', 'site-packages', 'kafka_http_proxy'))
  for (const [name, wrong, right] of mended) {
    const file = join(source ?? folder, name)
    const text = readFileSync(file, 'utf8')
    if (text.split(wrong).length !== 2) throw new Error(`${file} is not what was published as 1.0.1.`)
    writeFileSync(
      file,
      text.replace(wrong, () => right),
    )
  }
  writeFileSync(join(folder, 'done'), '')
  return programs
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 300_000 })
  if (status !== 0) throw new Error(`${program} failed: ${(stderr ?? '').trim().split('\n').at(-1)}`)
}
