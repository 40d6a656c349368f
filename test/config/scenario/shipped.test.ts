import { test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { format } from '../../../config/mistake.ts'
import { optionAt } from '../../../config/option.ts'
import { loadScenario } from '../../../config/scenario/load.ts'

const files = globSync('scenarios/*.yaml').toSorted()
const proofs = globSync('scenarios/proofs/*.yaml').toSorted()

test('a dozen scenarios are shipped, and each holds', () => {
  ok(files.length >= 12 && proofs.length >= 11)
  for (const file of [...files, ...proofs]) deepEqual(format(loadScenario(file).mistakes), '')
})

test('each says what it is about, what to look for, and asks for something', () => {
  for (const file of [...files, ...proofs]) {
    const { scenario } = loadScenario(file)
    ok(scenario !== null && scenario.about.length > 50 && scenario.lookFor.length > 50, file)
    ok(scenario.decides.length > 0 && scenario.objectives.length > 0, file)
  }
})

test('the options that decide are options of the gateway', () => {
  for (const file of [...files, ...proofs])
    for (const option of loadScenario(file).scenario?.decides ?? [])
      ok(optionAt(option.split('.')) !== null, `${file}: ${option}`)
})

test('editors find the schema by the first line, and the list names every one', () => {
  const list = readFileSync('scenarios/README.md', 'utf8')
  for (const file of files) {
    deepEqual(readFileSync(file, 'utf8').split('\n')[0], '# yaml-language-server: $schema=scenario.schema.json')
    ok(list.includes(`(${basename(file)})`), file)
  }
})
