import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import avro from 'avsc'
import { serve } from '../../src/worker/index.ts'
import type { Command } from '../../src/worker/index.ts'

/** Longs as BigInt: avsc's own type refuses those that JavaScript would round. */
const long = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
})
const typeOf = (file: string): avro.Type =>
  avro.Type.forSchema(JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8')) as avro.Schema, {
    registry: { long },
    wrapUnions: 'never',
  })
const [order, receipt] = [typeOf('order.avsc'), typeOf('receipt.avsc')]

type Order = Readonly<{ orderId: bigint; amount: Buffer; placedAt: bigint | null }>

/** Unscaled cents, two's complement, as decimals are in Avro. */
const centsOf = (bytes: Buffer): bigint => BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
const bytesOf = (cents: bigint): Buffer => Buffer.from(BigInt.asUintN(80, cents).toString(16).padStart(20, '0'), 'hex')

/** Books an order: 19 % of tax, half a cent up. */
export function book({ body: value }: Pick<Command, 'body'>) {
  const { orderId, amount, placedAt } = order.fromBuffer(Buffer.from(value)) as Order
  const total = bytesOf((centsOf(amount) * 119n + 50n) / 100n)
  const body = receipt.toBuffer({ orderId, total, bookedAt: placedAt ?? BigInt(Date.now()) * 1_000n })
  return { status: 201, headers: { 'content-type': 'application/avro' }, body }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const options = {
    brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092',
    topic: 'orders.commands',
    group: 'orders',
  }
  await serve(options, book)
}
