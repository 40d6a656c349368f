import type { Result } from './result.ts'

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"]/g, found => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[found] ?? found)

/** The verdict as JUnit writes it: a suite for each run, a case for each objective and each line of the ledger. */
export function junit(results: readonly Result[]): string {
  const suites = results.map(({ name, variant, at, lengthMs, objectives, ledger }) => {
    const cases = [...objectives, ...ledger].filter(({ holds }) => holds !== null)
    const failures = cases.filter(({ holds }) => holds === false).length
    const lines = cases.map(({ name: what, asked, measured, holds }) => {
      const open = `    <testcase classname="${escaped(name)}" name="${escaped(what)}"`
      if (holds !== false) return `${open}/>`
      return `${open}>\n      <failure message="${escaped(`asked ${asked}, measured ${measured}`)}"/>\n    </testcase>`
    })
    const title = escaped(variant === '' ? name : `${name}, ${variant}`)
    const head = `  <testsuite name="${title}" tests="${cases.length}" failures="${failures}" time="${lengthMs / 1_000}" timestamp="${at}">`
    return [head, ...lines, '  </testsuite>'].join('\n')
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`
}
