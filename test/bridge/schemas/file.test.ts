import { test } from 'node:test'
import { doesNotThrow, rejects, throws } from 'node:assert/strict'
import { join } from 'node:path'
import { codecOfFile } from '../../../src/bridge/schemas/file.ts'
import { filesOf } from '../../help/files.ts'

test('a file is compiled with those beside it, from the folder of each', async t => {
  const folder = filesOf(t, {
    'order.json': { properties: { to: { $ref: 'parts/address.json' } } },
    'parts/address.json': { $ref: 'street.json' },
    'parts/street.json': { type: 'string' },
  })
  const { write } = await codecOfFile({ file: join(folder, 'order.json') })
  doesNotThrow(() => write(Buffer.from('{"to":"here"}')))
  throws(() => write(Buffer.from('{"to":1}')), { message: '/to must be string' })
})

test('a file that does not compile is named', async t => {
  const file = join(filesOf(t, { 'order.json': { type: 1 } }), 'order.json')
  await rejects(codecOfFile({ file }), /^Error: order\.json does not compile: /)
})
