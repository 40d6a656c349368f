// npm run schemathesis: asks the gateway for its own OpenAPI document and everything that it says, and more that it forbids: each status,
// content type and header must be told there, and no 5xx that is not. Schemathesis comes from PyPI into .cache/schemathesis.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { load, shipped } from '../../config/load.ts'
import { start } from '../../src/app.ts'

const version = '4.32.5'
const cache = join(import.meta.dirname, '../../.cache/schemathesis')
const program = join(cache, `venv-${version}/bin/st`)
const examples = process.env['EXAMPLES'] ?? '25'
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
]

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? status}`)
}

function install(): void {
  if (existsSync(program)) return
  const venv = join(cache, `venv-${version}`)
  mkdirSync(cache, { recursive: true })
  run('python3', ['-m', 'venv', venv])
  run(join(venv, 'bin/pip'), ['install', '--quiet', `schemathesis==${version}`])
}

/** Whether all that was asked was answered as the document says. */
async function examine(name: string, file: string, sets: readonly string[]): Promise<boolean> {
  const set = ['server.host=127.0.0.1', 'server.port=0', 'admin.port=0', 'log.level=silent', 'api.expose=true', ...sets]
  const { config, mistakes } = load(file, { set, env: {} })
  if (config === null) throw new Error(`${file}: ${JSON.stringify(mistakes)}`)
  await using gateway = await start(config, { demo: true })
  await gateway.ready
  process.stdout.write(`\n${name}: ${gateway.url}\n`)
  const args = [
    'run',
    `${gateway.url}/openapi.json`,
    '--phases',
    'examples,coverage,fuzzing',
    '--max-examples',
    examples,
  ]
  const key = ['--header', 'x-api-key: key-to-play-with']
  const child = spawn(program, [...args, ...key, '--checks', checks.join(','), '--request-timeout', '10'], {
    cwd: cache,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0
}

install()
const here = import.meta.dirname
const held = [
  await examine('The demonstration', shipped, []),
  await examine('Everything on', join(here, 'everything.yaml'), ['overload.mode=off']),
]
process.exit(held.every(Boolean) ? 0 : 1)
