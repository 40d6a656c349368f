import { test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { generated, outOfDate } from '../../tools/docs.ts'

test('what is generated is what the source says', () => {
  const files = outOfDate().map(([file]) => file)
  deepEqual(files, [], `Run \`npm run docs\`: ${files.join(', ')}`)
})

test('each generated file is large enough to be one', () => {
  for (const [file, text] of Object.entries(generated())) ok(text.length > 2_000, file)
})

test('editors find the schema by the first line of the shipped configuration', () => {
  const [first] = readFileSync('config/gateway.yaml', 'utf8').split('\n')
  deepEqual(first, '# yaml-language-server: $schema=gateway.schema.json')
})
