import type { Result } from './result.ts'
import { story } from './story.ts'
import { table } from './verdict.ts'

/** The verdict and the story of a run, for a terminal. */
export function told(label: string, result: Result): string {
  const { happened, change } = story(result)
  const lines = (texts: readonly string[]): string => texts.map(text => `  ${text}`).join('\n')
  return `${table(label, [...result.objectives, ...result.ledger])}\n\n${lines(happened)}\n\n${lines(change)}`
}
