#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

enableCompileCache() // before anything large is loaded: later starts are quicker by half

const { Command } = await import('commander')
const { format, load, shipped } = await import('../config/load.ts')

const root = new URL(import.meta.url.endsWith('.ts') ? '..' : '../..', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const fail = (line: string): never => {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}
const gather = (setting: string, all: readonly string[]): readonly string[] => [...all, setting]
const setting = [
  '--set <path=value>',
  'override an option of the file, such as server.port=0; may be repeated',
] as const

type Settings = Readonly<{ set: readonly string[] }>

function configuration(file: string, { set, files = true }: Settings & Readonly<{ files?: boolean }>) {
  const { config, mistakes } = load(file, { set, files })
  if (config === null)
    return fail(
      `${format(mistakes)}\n${mistakes.length} ${mistakes.length === 1 ? 'mistake' : 'mistakes'} in the configuration: nothing was started.`,
    )
  return config
}

async function start(file: string, settings: Settings & Readonly<{ demo: boolean }>): Promise<void> {
  const config = configuration(file, settings)
  const { start } = await import('./app.ts')
  const gateway = await start(config, { demo: settings.demo }).catch((error: Error) => fail(whyNot(error)))
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (gateway.stopping) process.exit(1) // a second signal: at once
      // on a terminal nobody else needs the time to notice that we leave
      void gateway.stop({ delayMs: signal === 'SIGINT' ? 0 : config.drain.delayMs })
    })
  void gateway.stopped.then(() => process.exit(0)) // an operator may have asked, too
  if (settings.demo) void gateway.ready.then(() => say(hello(gateway.url)))
}

/** What to do where a place to listen cannot be had, by the code of the cause. */
const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: ' Stop what listens there, or choose another place, such as --set server.port=0 or --set admin.port=0.',
  EACCES: ' Choose a port above 1023.',
  EADDRNOTAVAIL: ' See server.host and admin.host.',
}

/** One line for what can go wrong before anything runs: what, and what to do. */
const whyNot = ({ message, cause }: Error): string =>
  `${message}${advice[(cause as NodeJS.ErrnoException | undefined)?.code ?? ''] ?? ''}`

const hello = (url: string): string => `
Sluice answers at ${url}. Try:

  curl -i ${url}/orders -H 'content-type: application/json' -d '{"orderId":"o-1","amount":42}'
  curl -i ${url}/orders/o-1
  curl -i ${url}/signals -H 'content-type: application/json' -d '{"lamp":"on"}'
`

const program = new Command('sluice')
  .description(
    'A gateway with resilience patterns that bridges HTTP APIs to events: a request becomes a Kafka command, its reply event the response.',
  )
  .version(version)
  .showHelpAfterError()

program
  .command('start')
  .description('start the gateway')
  .argument('[file]', 'configuration file', shipped)
  .option('--demo', 'also run the demo worker, an order service', false)
  .option(...setting, gather, [])
  .addHelpText(
    'after',
    `
Without a Kafka cluster (broker.brokers is empty) it runs on the embedded broker, in memory.

  $ sluice start                                   the shipped configuration
  $ sluice start gateway.yaml --set server.port=0  yours, on a free port
  $ KAFKA_BROKERS=localhost:9092 sluice start      the shipped one, on Kafka`,
  )
  .action(start)

program
  .command('validate')
  .description('check a configuration file; prints every mistake with its place, and exits with 1 if there is one')
  .argument('<file>', 'configuration file')
  .option(...setting, gather, [])
  .action(async (file: string, settings: Settings) => {
    const config = configuration(file, settings)
    const { openSchemas } = await import('./schemas.ts')
    await openSchemas(config, true).catch((error: Error) => fail(`${file}: ${error.message}`))
    say(`${file} holds: ${Object.keys(config.routes).length} routes, ${Object.keys(config.workers).length} workers.`)
  })

const { spoolCommand } = await import('./commands/spool.ts')
spoolCommand(program, { configuration: file => configuration(file, { set: [] }), say, fail }, shipped)
const { replayCommand } = await import('./commands/replay.ts')
replayCommand(program, { configuration: file => configuration(file, { set: [] }), say, fail }, shipped)
const { deadCommand } = await import('./commands/dead.ts')
deadCommand(program, { configuration: file => configuration(file, { set: [] }), say, fail }, shipped)
const { describeCommands } = await import('./commands/describe.ts')
describeCommands(program, { configuration: file => configuration(file, { set: [] }), say, fail }, shipped)
const { topicsCommand } = await import('./commands/topics.ts')
const settable = (command: typeof program): typeof program => command.option(...setting, gather, [])
topicsCommand(program, { configuration, say, fail }, { shipped, settable })
const { initCommand } = await import('./commands/init.ts')
initCommand(program, { say, fail })
const { labCommand } = await import('./commands/lab.ts')
labCommand(program)

const { topCommand } = await import('./commands/top.ts')
topCommand(program, { fail })

await program.parseAsync()
