import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const said = (steps: string, route = '{ run: trip }', more = ''): string =>
  format(
    parse(
      `workers: { flights: { topic: f } }\nprocesses: { trip: { steps: [${steps}] } }\nroutes: { a: { match: POST /, process: ${route}${more} } }`,
      'f',
    ).mistakes,
  )
const flight = '{ name: flight, to: flights, undo: {} }'

test('steps name workers, and each has a name of its own', () => {
  equal(said(`${flight}, { name: seat, to: flights, when: { step: flight, of: /seats, equals: 2 } }`), '')
  match(said('{ name: flight, to: flihts }'), /steps\.0\.to: found "flihts", which is no worker, did you mean/)
  match(said('{ name: flight, to: flights, undo: { to: x } }'), /undo\.to: found "x", which is no worker/)
  match(said(`${flight}, ${flight}`), /steps\.1\.name: found "flight" twice/)
})

test('conditions look back', () => {
  match(said('{ name: a, to: flights, when: { status: [200] } }'), /when: found on the first step/)
  match(said(`${flight}, { name: b, to: flights, when: { step: b } }`), /expected the name of an earlier step/)
  match(said(`${flight}, { name: b, to: flights, when: { equals: 1 } }`), /equals: found without of/)
})

test('a route runs a process that there is, and no option of a command', () => {
  match(said(flight, '{ run: trap }'), /process\.run: found "trap", which is no process, did you mean/)
  match(said(flight, '{ run: trip }', ', fallback: [{ fixed: {} }]'), /fallback: found on a process/)
})
