import { test } from 'node:test'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '../../config/load.ts'
import { filled, pageOf, places, placesIn, readPages } from '../../tools/pages.ts'

const pages = readPages()
const policies = Object.entries(pages).filter(([name]) => name !== 'README.md')

test('each policy of the stack has a page, and so has the one before it', () => {
  const wanted = [...places().map(({ policy }) => pageOf(policy)), 'overload.md']
  deepEqual([...new Set(wanted)].toSorted(), policies.map(([name]) => name).toSorted())
})

test('each policy of the stack has a reason for its place', () => {
  const without = places().filter(({ reason }) => reason === '')
  deepEqual(without, [])
  ok(places().length >= 12)
})

test('the page of the orders leads to every other page', () => {
  for (const [name] of policies) ok(pages['README.md']?.includes(`](${name})`), name)
})

test('each page has one example, and it is a configuration that holds', () => {
  for (const [name, text] of policies) {
    const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml)
    equal(examples.length, 1, name)
    for (const yaml of examples) deepEqual(parse(yaml, `docs/policies/${name}`).mistakes, [])
  }
})

test('each page says the same things in the same order', () => {
  const wanted = ['Options', 'The problem it raises', 'Metrics', 'When not to use it', 'Example']
  for (const [name, text] of policies) {
    const sections = [...text.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title.replace('problems', 'problem'))
    deepEqual(sections, wanted, name)
    for (const kind of ['options', 'problems', 'metrics']) ok(text.includes(`<!-- generated: ${kind} `), name)
  }
})

test('what the pages link to is there', () => {
  for (const [name, text] of Object.entries(pages))
    for (const [, link = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g))
      ok(existsSync(join('docs/policies', link)), `${name}: ${link}`)
})

test('the reasons are the comments before the policies, in the order of the stack', () => {
  const source = `
export function callLayers() {
    // not this one
    // why a
    ...on(
      'a',
      mode,
    ...(worker === null ? [] : inStack(worker)),
    // why c
    ...guarded<In, Out>('c', x, () => breaker({ policy: 'no', blames: 1 })),
}
const inStack = () => {
    // why b
          { policy: 'b', mode: m }
}
export function publishLayers() {
    // why d
    ...on('d'),
    ...inLayers<In, Out>(cluster),
}
function inLayers() {
    // why e
    ...on('e'),
}
`
  const told = placesIn(source).map(({ policy, reason, order }) => `${order} ${policy}: ${reason}`)
  deepEqual(told, ['call a: why a', 'call b: why b', 'call c: why c', 'publish d: why d', 'publish e: why e'])
})

test('what there is not cannot be generated', () => {
  const asking = (what: string) => () => filled(`<!-- generated: ${what} -->\n<!-- end -->`)
  throws(asking('options workers.*.braker'), /no option workers/)
  throws(asking('problems too-late'), /no problem too-late/)
  throws(asking('metrics sluice_calls'), /no metric sluice_calls/)
  throws(asking('poems a'), /kind poems/)
})
