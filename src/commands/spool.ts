import { createWriteStream, existsSync } from 'node:fs'
import { once } from 'node:events'
import type { Command } from 'commander'
import type { Config, SpoolOptions } from '../../config/schema/index.ts'
import { holdFile, Table, unpack } from '../bridge/spool/index.ts'
import type { Row } from '../bridge/spool/index.ts'
import { isoTime, pause, wallClock } from '../clock.ts'
import type { EpochMs } from '../clock.ts'

/** What a subcommand needs of the command line. */
export type Terminal = Readonly<{
  configuration: (file: string) => Config
  say: (line: string) => void
  fail: (line: string) => never
}>

const pageRows = 500
const lookMs = 500

/** `sluice spool list | drain | export`: for whoever runs the gateway. Reading works beside a gateway that holds the file. */
export function spoolCommand(program: Command, terminal: Terminal, shipped: string): void {
  const spool = program
    .command('spool')
    .description('look at the events that wait on disk, forward them, or copy them out')
  const optionsOf = (file: string): SpoolOptions => {
    const { spool } = terminal.configuration(file)
    if (spool === undefined) return terminal.fail(`${file} has no section spool: nothing waits on disk.`)
    if (!existsSync(spool.file)) return terminal.fail(`${spool.file} is not there: no gateway has kept anything yet.`)
    return spool
  }
  spool
    .command('list')
    .description('what waits, by topic; and one by one what the brokers refuse for good')
    .argument('[file]', 'configuration file', shipped)
    .action((file: string) => list(optionsOf(file), terminal))
  spool
    .command('drain')
    .description('forward what waits, and show how far it is; follows a gateway that is doing so already')
    .argument('[file]', 'configuration file', shipped)
    .action(async (file: string) => await drain(terminal.configuration(file), optionsOf(file), terminal))
  spool
    .command('export')
    .description('write every event as a line of JSON, key and value in base64')
    .argument('<out>', 'file to write, - for standard output')
    .argument('[file]', 'configuration file', shipped)
    .action(async (out: string, file: string) => await exportTo(out, optionsOf(file), terminal))
}

function list({ file }: SpoolOptions, { say }: Terminal): void {
  using table = new Table(file, { readOnly: true })
  const { topics, oldest, rejected, bytes } = table.totals()
  const records = topics.reduce((sum, topic) => sum + topic.records, 0)
  const age =
    oldest === null ? '' : `, the oldest since ${isoTime(oldest as EpochMs)} (${seconds(wallClock() - oldest)})`
  say(`${file}: ${records} events wait${age}; ${rejected} put aside; ${bytes} bytes.`)
  for (const { topic, records, bytes } of topics) say(`  ${topic}  ${records} events, ${bytes} bytes`)
  if (rejected === 0) return
  say('Put aside, as the brokers refuse them for good:')
  for (const row of rowsOf(table))
    if (row.reason !== null) say(`  ${row.seq}  ${row.topic}  ${idOf(row)}  ${row.reason}`)
}

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`
const idOf = ({ headers }: Row): string => String(unpack(headers).find(([name]) => name === 'ce_id')?.[1] ?? '')

function* rowsOf(table: Table): Generator<Row> {
  for (let after = 0; ;) {
    const rows = table.all(after, pageRows)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.seq
  }
}

async function drain(config: Config, options: SpoolOptions, { say, fail }: Terminal): Promise<void> {
  if (config.broker.brokers === '')
    fail('broker.brokers is empty: an embedded broker lives within a gateway only, so start the gateway instead.')
  await using forwarding = isHeld(options.file) ? null : await openForwarding(config, options)
  if (forwarding === null) say('A gateway holds the spool and forwards it; this only shows how far it is.')
  using table = new Table(options.file, { readOnly: true })
  const waiting = (): number => table.totals().topics.reduce((sum, { records }) => sum + records, 0)
  const all = waiting()
  for (let left = all, before = all; left > 0; left = waiting()) {
    say(`${all - left} of ${all} forwarded, ${Math.round(((before - left) * 1_000) / lookMs)} a second`)
    before = left
    if (forwarding !== null && forwarding.trouble() !== '') fail(`Not forwarded: ${forwarding.trouble()}`)
    await pause(lookMs)
  }
  say(`All ${all} are forwarded.`)
}

function isHeld(file: string): boolean {
  try {
    holdFile(file)[Symbol.dispose]()
    return false
  } catch {
    return true
  }
}

/** The operation of a command is written before it. */
const hasCommands = ({ routes }: Config): boolean =>
  Object.values(routes).some(({ command, spool }) => spool && command !== undefined)

type Forwarding = AsyncDisposable & Readonly<{ trouble: () => string }>
const patienceMs = 15_000

/** Forwards without a gateway. */
async function openForwarding(config: Config, options: SpoolOptions): Promise<Forwarding> {
  const { openBroker } = await import('../parts.ts')
  const { Forwarder, Spool, diskOf } = await import('../bridge/spool/index.ts')
  const { paced } = await import('../resilience/repetition/paced.ts')
  const held = new AsyncDisposableStack()
  const broker = held.use(await openBroker(config))
  held.use(holdFile(options.file))
  const spool = held.use(await Spool.open(options, diskOf(options.file)))
  broker.start([...spool.topics, ...(hasCommands(config) ? [config.operations.topic] : [])])
  const begun = wallClock()
  const pace = paced('spool', options.perSecond)
  held.use(new Forwarder(spool, { broker, publish: record => broker.publish(record), pace }))
  return {
    trouble: () =>
      broker.state === 'ready' || wallClock() - begun < patienceMs ? '' : `no broker is reachable: ${broker.reason}`,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

async function exportTo(out: string, { file }: SpoolOptions, { say }: Terminal): Promise<void> {
  using table = new Table(file, { readOnly: true })
  const stream = out === '-' ? process.stdout : createWriteStream(out)
  let count = 0
  for (const row of rowsOf(table)) {
    const { seq, topic, key, value, headers, at, reason } = row
    const base64 = (bytes: Uint8Array | null): string | null =>
      bytes === null ? null : Buffer.from(bytes).toString('base64')
    const record = { seq, topic, at: isoTime(at as EpochMs), key: base64(key), value: base64(value) }
    const line = { ...record, headers: JSON.parse(headers) as unknown, ...(reason !== null && { reason }) }
    count++
    if (!stream.write(`${JSON.stringify(line)}\n`)) await once(stream, 'drain')
  }
  if (out === '-') return
  stream.end()
  await once(stream, 'finish')
  say(`${count} events written to ${out}.`)
}
