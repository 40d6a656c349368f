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
}

function list(): void {
  say('Scenarios that are shipped; `sluice lab NAME` plays one:\n')
  for (const file of readdirSync(shippedScenarios).filter(file => file.endsWith('.yaml'))) {
    const { scenario } = loadScenario(join(shippedScenarios, file))
    if (scenario !== null) say(`  ${basename(file, '.yaml').padEnd(22)}${scenario.title}`)
  }
}
