// Puts the address of your runbook into the alerts and their tests: npm run alerts -- --runbook=https://wiki.example.org/sluice
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const files = ['prometheus/alerts.yaml', 'prometheus/alerts.test.yaml'] as const

/** Where the alerts lead as they are shipped: the domain is reserved for examples, and nobody answers there. */
export const usualRunbook = 'https://sluice.example/docs/runbook.md'

/** The alerts, or their tests, with the runbook at another address: each goes to its own heading. Throws an Error for what is no URL. */
export function withRunbook(yaml: string, runbook: string): string {
  if (!/^https?:\/\/[^\s#'"\\]+$/.test(runbook))
    throw new Error(`The runbook is ${JSON.stringify(runbook)}, expected a URL that begins with https:// or http://.`)
  return yaml.replaceAll(/(runbook_url: '?)[^\s#'"]+(?=#)/g, (_all, before: string) => before + runbook)
}

if (import.meta.main) {
  const { runbook } = parseArgs({ options: { runbook: { type: 'string', default: usualRunbook } } }).values
  for (const file of files) {
    const path = join(root, file)
    writeFileSync(path, withRunbook(readFileSync(path, 'utf8'), runbook))
  }
}
