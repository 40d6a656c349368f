import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { sluice } from '../help/sluice.ts'

for (const [command, version] of [
  ['openapi', '3.1.0'],
  ['asyncapi', '3.0.0'],
] as const) {
  test(`${command} prints a document of the shipped configuration`, async t => {
    const run = sluice(t, [command])
    equal(await run.ended, 0, run.err)
    equal((JSON.parse(run.out) as Record<string, unknown>)[command], version)
  })

  test(`${command} of a configuration with mistakes prints them, and nothing else`, async t => {
    const run = sluice(t, [command, 'test/config/ten-mistakes.yaml'])
    equal(await run.ended, 1)
    match(run.err, /10 mistakes/)
    equal(run.out, '')
  })
}
