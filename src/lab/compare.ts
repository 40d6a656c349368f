import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { report } from './report/index.ts'
import type { Result } from './result.ts'
import { percent } from './verdict.ts'

/** Lays the runs of these files over each other; returns what is to be said. Throws an Error of one sentence. */
export function compareFiles(files: readonly string[], folder: string): string {
  const results = files.flatMap(resultsOf)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'compare.html')
  writeFileSync(path, report(results))
  const lines = results.map(({ name, variant, totals, curve }) => {
    const p99 = curve.find(([each]) => each >= 99)?.[1] ?? 0
    const answered = percent(totals.answered, totals.asked).toFixed(1)
    return `${variant === '' ? name : `${name}, ${variant}`}: ${answered} % answered, p99 ${p99} ms`
  })
  return `${lines.join('\n')}\nThe report: ${path}`
}

function resultsOf(file: string): readonly Result[] {
  let read: unknown
  try {
    read = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file} is no run of the laboratory: ${(error as Error).message}`, { cause: error })
  }
  const isRun = (each: unknown): boolean =>
    typeof each === 'object' && each !== null && 'format' in each && each.format === 1
  if (!Array.isArray(read) || !read.every(isRun))
    throw new Error(`${file} is no run of the laboratory: expected the NAME.json that \`sluice lab\` writes.`)
  return read as readonly Result[]
}
