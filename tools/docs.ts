// Writes what is generated from the source: the schema for editors, docs/config.md, docs/problems.md, the
// tables and pictures of docs/policies, and the dashboards in grafana. With --check it
// writes nothing, names what is out of date and exits 1.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configPage, problemsPage, schemaFile } from '../config/generate.ts'
import { scenarioPage, scenarioSchemaFile } from '../config/scenario/generate.ts'
import { problems } from '../src/problem.ts'
import { grafanaFiles } from './grafana.ts'
import { policyPages } from './pages.ts'
import { policyPictures } from './pictures.ts'

const root = join(import.meta.dirname, '..')

/** Every generated file with what it should hold. */
export const generated = (): Readonly<Record<string, string>> => ({
  'config/gateway.schema.json': schemaFile(),
  'docs/config.md': configPage(),
  'scenarios/scenario.schema.json': scenarioSchemaFile(),
  'docs/scenarios.md': scenarioPage(),
  'docs/problems.md': problemsPage(problems),
  ...grafanaFiles(),
  ...policyPages(),
  ...policyPictures(),
})

function current(file: string): string {
  try {
    return readFileSync(join(root, file), 'utf8')
  } catch {
    return ''
  }
}

/** The files that do not hold what they should. */
export const outOfDate = (): readonly (readonly [file: string, text: string])[] =>
  Object.entries(generated()).filter(([file, text]) => current(file) !== text)

if (import.meta.main) {
  const check = process.argv.includes('--check')
  for (const [file, text] of outOfDate()) {
    if (check) console.error(`${file} is out of date: run \`npm run docs\``)
    else writeFileSync(join(root, file), text)
    process.exitCode = check ? 1 : 0
  }
}
