import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { format } from '../../config/mistake.ts'
import { loadScenario } from '../../config/scenario/load.ts'
import type { Scenario } from '../../config/scenario/schema.ts'

/** The scenarios that come with the package: beside this folder, or beside `dist` once it is JavaScript. */
export const shippedScenarios: string = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../scenarios/' : '../../../scenarios/', import.meta.url),
)

const say = (line: string): void => void process.stdout.write(`${line}\n`)
/** The scenario is wrong, or what is asked cannot be done. */
const wrong = (line: string): never => {
  process.stderr.write(`${line}\n`)
  process.exit(2)
}
const gather = (setting: string, all: readonly string[]): readonly string[] => [...all, setting]
const setting = ['--set <path=value>', 'override an option of the scenario; may be repeated', gather, []] as const

type Named = Readonly<{ scenario: Scenario; name: string }>

/** A file, or the name of a scenario that comes with the package. */
export function scenarioAt(file: string, set: readonly string[] = []): Named {
  const path =
    !existsSync(file) && existsSync(join(shippedScenarios, `${file}.yaml`))
      ? join(shippedScenarios, `${file}.yaml`)
      : file
  const { scenario, mistakes } = loadScenario(path, { set })
  if (scenario === null)
    return wrong(
      `${format(mistakes)}\n${mistakes.length} ${mistakes.length === 1 ? 'mistake' : 'mistakes'} in the scenario: nothing was started.`,
    )
  return { scenario, name: basename(path).replace(/\.ya?ml$/, '') }
}

export type RunFlags = Readonly<{
  set: readonly string[]
  out: string
  variant?: string
  variants: boolean
  faster: number
  target?: string
}>

async function run(file: string, flags: RunFlags): Promise<void> {
  const { runCommand } = await import('../lab/command.ts')
  if (!(flags.faster >= 1 && flags.faster <= 100)) wrong('--faster wants a number from 1 to 100.')
  process.exitCode = await runCommand({ ...scenarioAt(file, flags.set), flags, say, wrong })
}

/** `sluice lab`: runs scenarios, and what is made of them. */
export function labCommand(program: Command): void {
  const lab = program.command('lab').description('the failure laboratory: load-test how your system fails')
  lab
    .command('run', { isDefault: true })
    .description(
      'play a scenario and write a report; exits with 0 when all objectives hold, 1 when not, 2 when the scenario is wrong',
    )
    .argument('[file]', 'scenario, or the name of one that is shipped; without one, those are listed')
    .option(...setting)
    .option('--out <folder>', 'where the report goes (NAME.html, NAME.json, NAME.xml)', 'lab-report')
    .option('--variant <name>', 'play this variant of the scenario')
    .option('--variants', 'play the scenario and each of its variants, side by side', false)
    .option(
      '--faster <times>',
      'play it in so many times less time, for a look: its objectives are for the whole',
      Number,
      1,
    )
    .option('--target <url>', 'play it at the gateway that the scenario names in target.url')
    .addHelpText(
      'after',
      `
  $ sluice lab                          lists the shipped scenarios
  $ sluice lab slow-worker              plays one of them, on the embedded broker
  $ sluice lab mine.yaml --set workers.serviceMs=50`,
    )
    .action((file: string | undefined, flags: RunFlags) => (file === undefined ? list() : run(file, flags)))
  lab
    .command('sweep')
    .description('simulate a scenario over a grid of settings, and recommend one')
    .argument('<file>', 'scenario, or the name of one that is shipped')
    .requiredOption(
      '--set <path=a,b,c>',
      'values of an option of the scenario; may be repeated: every combination is tried',
      gather,
      [],
    )
    .option('--confirm <count>', 'play so many of the best in real time, too', Number, 0)
    .option('--out <folder>', 'where the report goes', 'lab-report')
    .addHelpText(
      'after',
      `
  $ sluice lab sweep slow-worker --set gateway.workers.orders.bulkhead.slots=8,64,512 --set gateway.workers.orders.bulkhead.limit=fixed,adaptive`,
    )
    .action(sweep)
  lab
    .command('compare')
    .description('lay two runs over each other')
    .argument('<a>', 'NAME.json of a run')
    .argument('<b>', 'NAME.json of another')
    .option('--out <folder>', 'where the report goes (compare.html)', 'lab-report')
    .action(compare)
  lab
    .command('export')
    .description('write the load of a scenario for another generator, on standard output')
    .argument('<file>', 'scenario, or the name of one that is shipped')
    .option('--k6', 'as a script of k6', false)
    .option('--vegeta', 'as a shell script of vegeta', false)
    .option(...setting)
    .action(exportLoad)
}

type SweepFlags = Readonly<{ set: readonly string[]; confirm: number; out: string }>

async function sweep(file: string, flags: SweepFlags): Promise<void> {
  const { axisOf, gridOf } = await import('../lab/sweep.ts')
  const { sweepCommand } = await import('../lab/whatif.ts')
  const points = attempt(() => gridOf(flags.set.map(axisOf)))
  const grid = points.map(point => ({ point, scenario: scenarioAt(file, point).scenario }))
  await sweepCommand(grid, scenarioAt(file).name, flags, say)
}

type ExportFlags = Readonly<{ k6: boolean; vegeta: boolean; set: readonly string[] }>

async function exportLoad(file: string, { k6: asK6, vegeta: asVegeta, set }: ExportFlags): Promise<void> {
  if (asK6 === asVegeta) wrong('Expected just one of --k6, --vegeta.')
  const { scenario } = scenarioAt(file, set)
  const { k6 } = await import('../lab/export/k6.ts')
  const { vegeta } = await import('../lab/export/vegeta.ts')
  process.stdout.write(asK6 ? k6(scenario) : vegeta(scenario))
}

async function compare(a: string, b: string, { out }: Readonly<{ out: string }>): Promise<void> {
  const { compareFiles } = await import('../lab/compare.ts')
  say(attempt(() => compareFiles([a, b], out)))
}

function attempt<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    return wrong((error as Error).message)
  }
}

function list(): void {
  const files = readdirSync(shippedScenarios).filter(file => file.endsWith('.yaml'))
  const lines = files.map(file => {
    const { scenario } = loadScenario(join(shippedScenarios, file))
    return `  ${basename(file, '.yaml').padEnd(22)}${scenario?.title ?? 'does not hold'}`
  })
  say(['Scenarios that are shipped; `sluice lab NAME` plays one:', '', ...lines].join('\n'))
}
