import type { Command } from 'commander'
import type { Broker } from '../bridge/broker.ts'
import { deadLetters, nameOf, resend } from '../bridge/deadletters.ts'
import type { Kept } from '../bridge/deadletters.ts'
import { deadTopicsOf } from '../bridge/topics.ts'
import { isoTime } from '../clock.ts'
import { Problem } from '../problem.ts'
import { connected } from './connected.ts'
import type { Terminal } from './spool.ts'

type Asked = Readonly<{ config: string; reason?: string; all?: boolean }>

const shownBytes = 4_096

/** `sluice dead list | show | resend`: for whoever looks after what was given up. */
export function deadCommand(program: Command, terminal: Terminal, shipped: string): void {
  const { fail } = terminal
  const dead = program.command('dead').description('look at the records that were given up, and send them again')
  const file = ['-c, --config <file>', 'configuration file', shipped] as const
  const withLetters = async (asked: Asked, use: (broker: Broker, letters: readonly Kept[]) => Promise<void>) => {
    const config = terminal.configuration(asked.config)
    const targets = [...Object.values(config.calls), ...Object.values(config.push)].map(({ topic }) => topic)
    await using broker = await connected(config, [...deadTopicsOf(config), ...targets], terminal)
    const letters: Kept[] = []
    for (const topic of deadTopicsOf(config))
      try {
        for (const letter of await deadLetters(broker, topic)) letters.push(letter) // there may be more than a call takes arguments
      } catch (error) {
        const problem = Problem.from(error)
        if (problem.code !== 'topic-missing') fail(problem.message) // nothing was ever given up there
      }
    await use(broker, letters)
  }
  dead
    .command('list')
    .description('what was given up and not sent again: its name, where it was, why, and how often it was tried')
    .option(...file)
    .option('--reason <reason>', 'only those given up for this reason')
    .option('--all', 'those that were sent again, too', false)
    .action((asked: Asked) => withLetters(asked, async (_broker, letters) => list(wanted(letters, asked), terminal)))
  dead
    .command('show')
    .description('one of them whole: headers and value')
    .argument('<name>', 'topic/partition/offset, as `list` has it')
    .option(...file)
    .action((name: string, asked: Asked) =>
      withLetters(asked, async (_broker, letters) => show(letterOf(letters, name, terminal), terminal)),
    )
  dead
    .command('resend')
    .description('send to their topics again, without the deadline that they had; oldest first')
    .argument('[names...]', 'topic/partition/offset, as `list` has it')
    .option(...file)
    .option('--reason <reason>', 'all that were given up for this reason and not sent again')
    .option('--all', 'all that were not sent again', false)
    .action((names: string[], asked: Asked) =>
      withLetters(asked, async (broker, letters) => {
        const some = names.map(name => letterOf(letters, name, terminal))
        const all = asked.all === true || asked.reason !== undefined ? wanted(letters, { ...asked, all: false }) : []
        if (some.length + all.length === 0 && names.length === 0 && asked.all !== true && asked.reason === undefined)
          fail('Say which: names as `sluice dead list` has them, --reason, or --all.')
        for (const letter of new Set([...some, ...all])) {
          await resend(broker, letter)
          terminal.say(`${nameOf(letter)} is in ${letter.origin.topic} again.`)
        }
      }),
    )
}

const wanted = (letters: readonly Kept[], { reason, all = false }: Pick<Asked, 'reason' | 'all'>): readonly Kept[] =>
  letters.filter(letter => (all || !letter.resent) && (reason === undefined || letter.reason === reason))

const letterOf = (letters: readonly Kept[], name: string, { fail }: Terminal): Kept =>
  letters.find(letter => nameOf(letter) === name) ?? fail(`There is no dead letter ${name}: see \`sluice dead list\`.`)

function list(letters: readonly Kept[], { say }: Terminal): void {
  say(`${letters.length} dead letters.`)
  for (const letter of letters) {
    const { origin, reason, attempts, detail, by, at, resent, record } = letter
    const key = record.key === null ? '' : `, key ${printable(record.key, 64)}`
    const from = `${origin.topic}/${origin.partition}/${origin.offset}${key}`
    const when = at === null ? '' : ` at ${isoTime(at)}`
    say(
      `  ${nameOf(letter)}  ${reason}${resent ? ', sent again' : ''}  ${by}${when}, from ${from}, after ${attempts} attempts: ${detail}`,
    )
  }
}

function show(letter: Kept, { say }: Terminal): void {
  list([letter], { say } as Terminal)
  for (const [name, value] of letter.record.headers) say(`  ${name}: ${printable(value, 512)}`)
  say('')
  say(letter.record.value === null ? '(no value)' : printable(letter.record.value, shownBytes))
}

/** Text without what a terminal would obey; at most so many bytes of it. */
function printable(value: Uint8Array, most: number): string {
  const text = Buffer.from(value.subarray(0, most)).toString()
  const plain = text.replaceAll(/[^\P{Cc}\t\n]/gu, '\u{fffd}')
  return value.length > most ? `${plain}… (${value.length} bytes)` : plain
}
