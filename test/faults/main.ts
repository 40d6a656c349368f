// npm run faults [-- [--short] [story …]]: breaks a real broker under load, and says of each promise whether it held.
import { startKafka } from '../../tools/kafka/cluster.ts'
import { failing, table } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { stories } from './stories.ts'
import type { Story } from './stories.ts'

const asked = process.argv.slice(2)
const short = asked.includes('--short')
const names = asked.filter(word => !word.startsWith('--'))
const unknown = names.filter(name => !stories.some(story => story.name === name))
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}; there are ${stories.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}
const chosen = stories.filter(({ name, long }) => (names.length > 0 ? names.includes(name) : !(short && long)))

async function run({ title, brokers, play }: Story): Promise<readonly Figure[]> {
  await using cluster = await startKafka({ brokers })
  const figures = await play(cluster)
  console.log(`${table(title, figures)}\n`)
  return figures
}

const verdicts: string[] = []
for (const story of chosen) {
  let wrong = failing(await run(story))
  if (wrong.length > 0 && wrong.every(({ timed }) => timed === true)) {
    console.log('Only what a clock measured fails: once more, as the machine may have been busy.\n')
    wrong = failing(await run(story))
  }
  verdicts.push(
    `${story.title}: ${wrong.length === 0 ? 'holds' : `FAILS: ${wrong.map(({ name }) => name).join('; ')}`}`,
  )
  if (wrong.length > 0) process.exitCode = 1
}
console.log(verdicts.join('\n'))
