import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { format, parse } from '../../config/load.ts'
import { substitute } from '../../config/variables.ts'

test('a variable gives its value, or else its default', () => {
  const env = { A: 'x', EMPTY: '' }
  equal(substitute('${A}', env).text, 'x')
  equal(substitute('<${A}|${B:y}|${B:}|${EMPTY:z}>', env).text, '<x|y||z>')
  equal(substitute('${B:localhost:9092}', env).text, 'localhost:9092')
  deepEqual(substitute('${B}${C}', env).missing, ['B', 'C'])
  equal(substitute('$${A} $A $', env).text, '${A} $A $')
  equal(substitute('${A', env).malformed, true)
  equal(substitute('${1A}', env).malformed, true)
  equal(substitute('${constructor:none}', env).text, 'none')
})

test('a text without variables stays as it is', () => {
  fc.assert(
    fc.property(
      fc.string().filter(text => !text.includes('${')),
      text => equal(substitute(text, {}).text, text),
    ),
  )
})

test('an escaped text comes out as it was before', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'A', ':') }), text => {
      const escaped = text.replaceAll('${', () => '$${')
      const { text: back, missing, malformed } = substitute(escaped, { A: 'no' })
      deepEqual({ back, missing, malformed }, { back: text, missing: [], malformed: false })
    }),
  )
})

test('what a variable holds is never read again', () => {
  fc.assert(fc.property(fc.string(), value => equal(substitute('<${A}>', { A: value }).text, `<${value}>`)))
  equal(substitute('${A}', { A: '${B} $${' }).text, '${B} $${')
})

const read = (text: string, env: Record<string, string>) => parse(text, 'f', { env })

test('a text that is one variable becomes a number or a truth where the schema wants one', () => {
  const text =
    "routes: {}\nserver: { port: '${PORT:80}' }\nlog: { requests: '${R}', file: '${F}' }\nbroker: { tls: '${T}' }"
  const { config } = read(text, { R: 'false', F: '5', T: 'true' })
  deepEqual([config?.server.port, config?.log.requests, config?.log.file, config?.broker.tls], [80, false, '5', true])
  equal(
    format(read(text, { PORT: '8o', R: 'no', F: '', T: 'x' }).mistakes),
    'f:2:17  server.port: found "8o", expected a whole number from 0 to 65535\n' +
      'f:3:18  log.requests: found "no", expected true or false\n' +
      'f:4:16  broker.tls: found "x", expected true or false, or a mapping',
  )
  equal(format(read("routes: {}\nserver: { port: '8${P}' }", { P: '0' }).mistakes).includes('found "80"'), true)
})

test('an undefined variable is reported where it stands, and nothing else is said of that text', () => {
  equal(
    format(read("routes: {}\nserver: { port: '${P}' }\nbroker: { brokers: 'a:1,${B}:2,${C}' }", {}).mistakes),
    'f:2:18  server.port: found ${P}, but the environment has no P; ${P:…} gives a default\n' +
      'f:3:25  broker.brokers: found ${B}, but the environment has no B; ${B:…} gives a default\n' +
      'f:3:32  broker.brokers: found ${C}, but the environment has no C; ${C:…} gives a default',
  )
  equal(
    format(read("routes: {}\nbroker: { clientId: 'a${' }", {}).mistakes),
    'f:2:21  broker.clientId: found `${` alone, expected ${NAME} or ${NAME:default}, or $${ for the characters',
  )
})
