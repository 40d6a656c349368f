import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { plain, read } from '../../config/document.ts'
import { format } from '../../config/mistake.ts'
import type { Mistake } from '../../config/mistake.ts'
import { override } from '../../config/overrides.ts'

function laid(text: string, ...settings: readonly string[]): { value: unknown; lines: string } {
  const mistakes: Mistake[] = []
  const tree = override(read(text, 'f', mistakes)!, settings, mistakes)
  return { value: JSON.parse(JSON.stringify(plain(tree))), lines: format(mistakes) }
}

test('a setting replaces, adds and makes the way to itself', () => {
  const { value, lines } = laid('a: { b: 1 }\nl: [1, 2]', 'a.b=2', 'a.c=true', 'x.y.z=w', 'l.1=5', 'a.b=3')
  equal(lines, '')
  deepEqual(value, { a: { b: 3, c: true }, l: [1, 5], x: { y: { z: 'w' } } })
})

test('its value is read as YAML, and what is none is text', () => {
  const { value } = laid('a: 1', 'b=[a, 2]', 'c=', 'd=[::1]:9092', 'e="5"', 'f=a=b', 'g={ h: 1 }', 'i=- - x')
  deepEqual(value, { a: 1, b: ['a', 2], c: '', d: '[::1]:9092', e: '5', f: 'a=b', g: { h: 1 }, i: [['x']] })
})

test('what stands in its way gives way', () => {
  deepEqual(laid('tls: true', 'tls.caFile=x').value, { tls: { caFile: 'x' } })
  deepEqual(laid('l: [1]', 'l.7=x').value, { l: { 7: 'x' } })
  deepEqual(laid('- 1', 'a=x').value, { a: 'x' })
})

test('a setting without a name or a value is a mistake and changes nothing', () => {
  for (const setting of ['a', '=1', '', 'a..b=1', '.a=1', '__proto__.x=1', 'a.__proto__=1']) {
    const { value, lines } = laid('a: 1', setting)
    deepEqual(value, { a: 1 })
    equal(lines.endsWith('expected option=value, such as server.port=8080'), true, lines)
  }
  equal(({} as Record<string, unknown>)['x'], undefined)
})
