import type { Command } from 'commander'
import { contentOf, jsonOf } from '../bridge/feeds/content.ts'
import { replay } from '../bridge/replay.ts'
import { Span, edgeOf } from '../bridge/span.ts'
import type { Edge } from '../bridge/span.ts'
import { every, now, since } from '../clock.ts'
import { Problem } from '../problem.ts'
import { connected } from './connected.ts'
import type { Terminal } from './spool.ts'

type Asked = Readonly<{ from: string; to: string; into?: string; rate: string; intoSourceToo: boolean }>

const tellMs = 1_000

/** `sluice replay`: a span of a topic, printed or published again. */
export function replayCommand(program: Command, terminal: Terminal, shipped: string): void {
  program
    .command('replay')
    .description('print a span of a topic as lines of JSON, or publish it again into another topic')
    .argument('<topic>', 'topic that is read')
    .argument('[file]', 'configuration file', shipped)
    .option(
      '--from <place>',
      'earliest, a time (RFC 3339 or epoch milliseconds), or offset:N in every partition',
      'earliest',
    )
    .option('--to <place>', 'the same; what is written after the start is never part of it', 'end')
    .option('--into <topic>', 'publish the records into this topic in place of printing them')
    .option('--rate <records>', 'records a second that are published at most', '1000')
    .option('--into-source-too', 'allow --into to be the topic itself, whose records are doubled then', false)
    .action(async (topic: string, file: string, asked: Asked) => {
      const { fail } = terminal
      const [from, to] = [place(asked.from, '--from', terminal), place(asked.to, '--to', terminal)]
      const perSecond = /^[1-9]\d{0,6}$/.test(asked.rate) ? Number(asked.rate) : fail('--rate: a number above 0.')
      const { into } = asked
      if (into === topic && !asked.intoSourceToo)
        fail(`${topic} would be replayed into itself, and its records doubled. If that is meant: --into-source-too.`)
      await using broker = await connected(
        terminal.configuration(file),
        [topic, ...(into === undefined ? [] : [into])],
        terminal,
      )
      try {
        for (const name of [topic, into])
          if (name !== undefined && (await broker.admin.topic(name)) === null) fail(`There is no topic ${name}.`)
        const span = await Span.open(broker.past, topic, from, to)
        using _progress = progress(span)
        let count = 0
        if (into === undefined)
          for await (const record of span.records()) {
            terminal.say(contentOf(record, jsonOf(record), { as: 'record', fields: null }).text)
            count++
          }
        else for await (const done of replay({ broker, span, into, perSecond })) count = done
        say(`${count} records of ${topic}${into === undefined ? '' : ` are in ${into}`}.`)
      } catch (error) {
        fail(Problem.from(error).message)
      }
    })
}

const place = (text: string, option: string, { fail }: Terminal): Edge =>
  edgeOf(text) ?? fail(`${option} is ${JSON.stringify(text)}: expected earliest, end, a time, or offset:N.`)

const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** Every second, where the records themselves are not in the way. */
function progress(span: Span): Disposable {
  const begun = now()
  return every(tellMs, () => {
    const share = span.size === 0 ? 100 : Math.floor((100 * span.passed) / span.size)
    say(`${span.passed} of ${span.size} (${share} %), ${Math.round((1_000 * span.passed) / since(begun))} a second`)
  })
}
