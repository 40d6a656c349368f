import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { find, plain, read } from '../../config/document.ts'
import type { Tree } from '../../config/document.ts'
import { format } from '../../config/mistake.ts'
import type { Mistake } from '../../config/mistake.ts'

const reading = (text: string): { tree: Tree | null; lines: string } => {
  const mistakes: Mistake[] = []
  const tree = read(text, 'f', mistakes)
  return { tree, lines: format(mistakes) }
}
const linesOf = (text: string): string => reading(text).lines

test('every key and value knows its place', () => {
  const { tree, lines } = reading('a: 1\nb:\n  - x\n  - { c: "y" }\n')
  equal(lines, '')
  const found = find(tree!, ['b', '1', 'c'])!
  deepEqual(found.key, { file: 'f', line: 4, column: 7 })
  deepEqual(found.at, { file: 'f', line: 4, column: 10 })
  equal(find(tree!, ['b', '2']), null)
  equal(find(tree!, ['a', 'x']), null)
})

test('any document of plain values comes through as it is', () => {
  const value = fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 })
  fc.assert(
    fc.property(value, document => {
      const proto = JSON.stringify(document).includes('__proto__')
      const text = stringify(document)
      if (!proto)
        deepEqual(JSON.parse(JSON.stringify(plain(reading(text).tree!))), JSON.parse(JSON.stringify(document)))
    }),
  )
})

test('a key that stands twice is reported at the second and counts the first time', () => {
  const { tree, lines } = reading('a: 1\nb: 2\na: 3')
  equal(lines, 'f:3:1  a: stands a second time, first at line 1')
  deepEqual({ ...(plain(tree!) as object) }, { a: 1, b: 2 })
})

test('what is no YAML is told once in a line, at its place', () => {
  equal(linesOf('a: b: c'), 'f:1:4  is not YAML: nested mappings are not allowed in compact mappings')
  equal(linesOf('a: "x\nb: 1'), 'f:2:5  is not YAML: missing closing "quote')
  equal(linesOf('a: 1\n\tb: 1').split('\n').length, 1)
  equal(linesOf('a: {b: ${X:1}}'), 'f:1:9  a variable between { } or [ ] must stand in quotes')
  equal(linesOf('a: 1\n---\nb: 2'), 'f:2:1  a second document begins here, expected one')
  equal(linesOf('a: !secret x'), 'f:1:4  found a tag, expected a plain value')
  equal(linesOf('? [a]\n: 1'), 'f:1:3  "?": is no name for an option')
})

test('on and off are words, not truths, in whatever version of YAML', () => {
  deepEqual({ ...(plain(reading('%YAML 1.1\n---\nmode: off').tree!) as object) }, { mode: 'off' })
})

test('an alias stands for what it names, and has its own place for its key', () => {
  const { tree, lines } = reading('a: &x { n: 1 }\nb: *x')
  equal(lines, '')
  deepEqual(find(tree!, ['b', 'n']), find(tree!, ['a', 'n']))
  deepEqual(find(tree!, ['b'])!.key, { file: 'f', line: 2, column: 1 })
  equal(linesOf('a: *nobody'), 'f:1:4  a: found *nobody, but nothing above is marked &nobody')
})

test('aliases that multiply, an alias of itself and endless depth are refused in one line', () => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 9; i++) bomb.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(10)}]`)
  equal(linesOf(bomb.join('\n')).split('\n').length, 1)
  equal(linesOf('a: &a [*a, *a]').split('\n').length, 1)
  equal(linesOf(`a: ${'['.repeat(60)}${']'.repeat(60)}`), 'f:1:54  a.0.0.0.0: is nested too deeply')
  equal(linesOf('['.repeat(50_000)).endsWith('  is nested too deeply to be read'), true)
})
