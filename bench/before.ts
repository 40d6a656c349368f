// npm run bench:before -- COMMIT [COMMIT]: what has been built since costs those who use none of it. The gateway of an earlier commit and
// that of a later one (without one: as it stands here) by turns, on the embedded broker with the demo worker inside; and a third, as it
// stands here, whose other routes have schemas, identity, tenants, CORS and codings. Each in one thread with its clients, and in CPU time, as
// other programs may have the machine meanwhile. Two processes of the same sources may differ by a tenth, by what the compiler made of
// them: so all three are opened anew OPENINGS times, and of the medians of their alternating rounds the median counts.
import { execFileSync, fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { median, spread } from './table.ts'

const [earlier, later] = process.argv.slice(2)
if (earlier === undefined) throw new Error('npm run bench:before -- COMMIT [COMMIT]')
const atLeast = 0.97
const openings = Number(process.env['OPENINGS'] ?? 9)
const rounds = Number(process.env['ROUNDS'] ?? 41)
const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
using held = new DisposableStack()
held.defer(() => rmSync(folder, { recursive: true }))

/** The sources of a commit, with the libraries of today. */
function checkedOut(commit: string): string {
  const place = join(folder, commit)
  git('worktree', 'add', '--quiet', '--detach', place, commit)
  held.defer(() => void git('worktree', 'remove', '--force', place))
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'))
  return place
}

/** The configuration of the benchmark with routes beside it that use everything. */
function crowded(): string {
  const config = parse(readFileSync(join(root, 'bench/gateway.yaml'), 'utf8')) as { routes: Record<string, object> }
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const schema = file(
    'order.json',
    '{"type":"object","required":["orderId"],"properties":{"orderId":{"type":"string"}}}',
  )
  const keys = file('keys.txt', `acme:sha256$${'0'.repeat(64)}:orders:write\n`)
  const issuer = 'https://issuer.example'
  const jwks = { file: file('jwks.json', '{"keys":[]}') }
  const { 'place-order': alone = {} } = config.routes
  return file(
    'crowded.yaml',
    stringify({
      ...config,
      identity: {
        providers: { shop: { jwt: { issuer, audience: 'orders', jwks } }, partners: { apiKeys: { file: keys } } },
      },
      tenants: { from: 'claim.tenant', others: { inFlight: 100 } },
      routes: {
        'place-order': { ...alone, tenant: 'none' },
        known: {
          match: 'POST /known',
          command: { to: 'orders', key: 'body.orderId' },
          identity: 'required',
          schema: { request: { file: schema }, reply: { file: schema } },
          cors: { origins: ['https://shop.example'] },
          decode: ['gzip', 'zstd'],
          compress: {},
        },
      },
    }),
  )
}

type Gateway = Readonly<{ name: string; child: ChildProcess; us: number[] }>

async function open(name: string, place: string, configuration: string): Promise<Gateway> {
  const child = fork(join(root, 'bench/alone.ts'), [place, configuration], { cwd: place })
  held.defer(() => void child.kill())
  await once(child, 'message', { signal: AbortSignal.timeout(240_000) })
  return { name, child, us: [] }
}

async function measure({ child, us }: Gateway, orders: number): Promise<void> {
  child.send(orders)
  const [took] = (await once(child, 'message', { signal: AbortSignal.timeout(240_000) })) as [number]
  us.push(took)
}

const usual = 'bench/gateway.yaml'
const before = checkedOut(git('rev-parse', '--short', earlier))
const after = later === undefined ? root : checkedOut(git('rev-parse', '--short', later))
const everything = crowded()
/** The throughput of `mine` divided by that of `theirs`. */
const ratio = (mine: Gateway, theirs: Gateway): number =>
  median(mine.us.map((us, round) => (theirs.us[round] ?? us) / us))

const ratios: Readonly<Record<'after ÷ before' | 'beside everything ÷ alone', number[]>> = {
  'after ÷ before': [],
  'beside everything ÷ alone': [],
}
for (let opening = 1; opening <= openings; opening++) {
  const earlierOne = await open('before', before, usual)
  const laterOne = await open('after', after, usual)
  const crowdedOne = await open('beside everything', after, everything)
  const gateways = [earlierOne, laterOne, crowdedOne]
  for (const gateway of gateways) await measure(gateway, 10_000)
  for (const { us } of gateways) us.length = 0
  for (let round = 0; round < rounds; round++)
    for (const gateway of [...gateways.slice(round % 3), ...gateways.slice(0, round % 3)]) await measure(gateway, 500)
  ratios['after ÷ before'].push(ratio(laterOne, earlierOne))
  ratios['beside everything ÷ alone'].push(ratio(crowdedOne, laterOne))
  const costs = gateways.map(({ name, us }) => `${name} ${median(us).toFixed(1)}`).join(', ')
  console.log(`${opening} of ${openings}, µs of CPU an order, its client included: ${costs}`)
  for (const { child } of gateways) child.disconnect()
}
for (const [what, each] of Object.entries(ratios)) {
  const holds = median(each) >= atLeast
  console.log(
    `${what}: ${spread(each)} of the throughput of a core (at least ${atLeast}): ${holds ? 'holds' : 'FAILS'}`,
  )
  if (!holds) process.exitCode = 1
}
