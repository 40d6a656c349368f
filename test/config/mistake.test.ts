import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { format, inOrder, instead, nearest, pathOf, placeOf, quoted } from '../../config/mistake.ts'
import type { Mistake } from '../../config/mistake.ts'

const at = (line: number, column: number, message = 'is wrong'): Mistake => ({
  place: { file: 'f', line, column },
  path: ['a', 'b'],
  message,
})

test('a place reads as compilers write it', () => {
  equal(placeOf({ file: 'c/g.yaml', line: 12, column: 7 }), 'c/g.yaml:12:7')
  equal(placeOf({ set: 'a.b' }), '--set a.b')
  equal(placeOf({ file: 'g.yaml' }), 'g.yaml')
})

test('a name that would confuse the path stands in quotes', () => {
  equal(pathOf(['routes', 'a.b', '', 'to', '0']), 'routes."a.b"."".to.0')
})

test('mistakes come in the order of the file, then those of the command line', () => {
  const set: Mistake = { place: { set: 'x' }, path: ['x'], message: 'is wrong' }
  deepEqual(inOrder([set, at(2, 1), at(1, 9), at(1, 2)]), [at(1, 2), at(1, 9), at(2, 1), set])
})

test('there is a line for each mistake, up to a hundred', () => {
  equal(
    format([at(1, 2), { place: { file: 'f' }, path: [], message: 'is not there' }]),
    'f:1:2  a.b: is wrong\nf  is not there',
  )
  const lines = format(Array.from({ length: 120 }, (_, i) => at(i, 1))).split('\n')
  equal(lines.length, 101)
  equal(lines.at(-1), '… and 20 more')
})

test('the nearest name is offered when it is near, and all of them otherwise', () => {
  equal(nearest('slotz', ['queue', 'slots']), 'slots')
  equal(nearest('TIMEOUTMS', ['timeoutMs', 'commandTtlMs']), 'timeoutMs')
  equal(nearest('colour', ['queue', 'slots']), null)
  equal(nearest('a', []), null)
  equal(nearest('x'.repeat(10_000), ['x'.repeat(9_999)]), null)
  equal(instead('slotz', ['slots']), 'did you mean `slots`?')
  equal(instead('colour', ['queue', 'slots']), 'expected one of queue, slots')
  equal(instead('colour', []), 'there is none')
})

test('a long text is cut, without cutting a character in two', () => {
  equal(quoted('a"b\n'), '"a\\"b\\n"')
  equal(quoted('é'.repeat(100)), `"${'é'.repeat(60)}…"`)
  equal(quoted(`${'x'.repeat(59)}😀😀`), `"${'x'.repeat(59)}\ufffd…"`)
})
