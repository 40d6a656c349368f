import { setTimeout as wait } from 'node:timers/promises'
import { refuse } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import type { CommandHandler } from '../../src/worker/index.ts'

/** Writes a report, page by page, and tells how far it is. */
export const makeReport: CommandHandler = async (command, { progress, signal }) => {
  const { pages, pageMs = 100 } = command.json() as { pages?: unknown; pageMs?: number }
  if (typeof pages !== 'number' || !(pages >= 1 && pages <= 10_000)) throw refuse(422, 'pages: from 1 to 10,000.')
  for (let page = 1; page <= pages; page++) {
    await wait(pageMs, null, { signal }) // ends at once when the client cancels
    progress((100 * page) / pages, `page ${page} of ${pages}`)
  }
  return { status: 201, headers: { location: '/reports/7' }, body: { pages } }
}
