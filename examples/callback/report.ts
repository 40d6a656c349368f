import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandHandler } from '../../src/worker/index.ts'

/** Makes a report of the year that the command names, in so many milliseconds. */
export const makeReport =
  (ms: number): CommandHandler =>
  async command => {
    const { year } = command.json() as { year: number }
    await sleep(ms)
    return { status: 201, headers: { location: `/reports/${year}` }, body: { year, pages: 12 } }
  }
