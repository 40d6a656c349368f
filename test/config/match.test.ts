import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import { matchFlaw } from '../../config/match.ts'
import { match } from '../../config/schema/route.ts'

test('what is wrong with a match is named by its character', () => {
  const cases = {
    'get /': '`get` is none of GET, HEAD, POST, PUT, PATCH, DELETE',
    GET: 'the path begins with nothing and not with `/`',
    'GET a': 'the path begins with `a` and not with `/`',
    'GET //a': 'two `/` follow each other',
    'GET /orders/{id}': '`{` cannot stand in a path: a parameter is written as `:name`',
    'GET /files/*': '`*` cannot stand in a path: a parameter takes just one segment, and nothing takes more',
    'GET /a?b': '`?` cannot stand in a path: the query is not matched',
    'GET /é': '`é` cannot stand in a path',
    'GET /a:b': '`:` stands within a segment: a parameter is a whole one',
    'GET /:': 'nothing follows a `:`, where the name of a parameter begins with a letter',
    'GET /:1': '`1` follows a `:`, where the name of a parameter begins with a letter',
    'GET /:a.json': '`.` cannot stand in the name of a parameter, which is a whole segment',
  }
  for (const [text, flaw] of Object.entries(cases)) equal(matchFlaw(text), flaw)
})

test('it finds a flaw just where the schema does', () => {
  const piece = fc.constantFrom('GET', 'post', ' ', '/', ':', 'a', '1', '_', '.', '%20', '{', '*', 'é', '-')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
      for (const text of [pieces.join(''), `GET /${pieces.join('')}`])
        equal(matchFlaw(text) === null, match.safeParse(text).success, text)
    }),
    { numRuns: 2_000 },
  )
})
