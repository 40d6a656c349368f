import { toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { protobufCodec } from '../../src/bridge/schemas/protobuf/index.ts'
import { parseProto } from '../../src/bridge/schemas/protobuf/parse.ts'
import type { Random } from './random.ts'

const text = `syntax = "proto3";
package acme;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
message Every {
  double d = 1; float f = 2; int32 i = 3; int64 l = 4; uint32 u = 5; uint64 ul = 6; sint32 si = 7; sint64 sl = 8;
  fixed32 fi = 9; fixed64 fl = 10; sfixed32 sfi = 11; sfixed64 sfl = 12; bool b = 13; string s_t = 14; bytes by = 15;
  optional int64 maybe_long = 16;
  repeated sint64 longs = 17; repeated string texts = 18; repeated int32 loose = 19 [packed = false];
  map<string, int64> by_name = 20; map<int32, Every> by_number = 21; map<bool, bytes> by_truth = 22;
  oneof one { string first = 23; int64 second = 24; Every third = 25; }
  Colour colour = 26; repeated Colour colours = 27;
  google.protobuf.Timestamp at = 28; google.protobuf.Duration took = 29; google.protobuf.Int64Value boxed = 30;
  google.protobuf.Struct free = 31; Every inner = 32; repeated Inner inners = 33;
  message Inner { int64 x = 1; }
}
enum Colour { NONE = 0; RED = 1; BLUE = -5; }
`
const source = { name: 'every.proto', text, references: new Map<string, string>() }
const codec = protobufCodec(source)
const file = Buffer.from(toBinary(FileDescriptorProtoSchema, parseProto(source).file.proto)).toString('base64')

/** So many values of a message with a field of every kind, written and read by Sluice. */
export const protobufCase = (random: Random, values: number) => ({
  file,
  message: 'acme.Every',
  values: Array.from({ length: values }, () => {
    const json = every(random, 3)
    const bytes = codec.write(Buffer.from(json))
    return [json, Buffer.from(bytes).toString('hex'), Buffer.from(codec.read(bytes)).toString()] as const
  }),
})

function every(random: Random, depth: number): string {
  const quoted = (value: unknown): string => JSON.stringify(String(value))
  const unsigned = (bits: number): bigint => BigInt.asUintN(bits, random.whole(bits))
  /** As a number or as text. */
  const either = (value: bigint): string => random.of([String(value), quoted(value)])
  const textual = (): string => JSON.stringify(random.text())
  const colour = (): string => random.of(['"NONE"', '"RED"', '"BLUE"', '1'])
  const nested = (): string => every(random, depth - 1)
  const pairs = (key: () => string, value: () => string): string =>
    `{${[...new Set(random.list(key))].map(one => `${JSON.stringify(one)}:${value()}`).join(',')}}`
  const fields: readonly (readonly [string, () => string])[] = [
    ['d', () => random.real()],
    ['f', () => random.of(['0', '0.1', '-1.5', '3e38', '"NaN"', '"Infinity"'])],
    ['i', () => either(random.whole(32))],
    ['l', () => either(random.whole(64))],
    ['u', () => either(unsigned(32))],
    ['ul', () => either(unsigned(64))],
    ['si', () => either(random.whole(32))],
    ['sl', () => either(random.whole(64))],
    ['fi', () => either(unsigned(32))],
    ['fl', () => either(unsigned(64))],
    ['sfi', () => either(random.whole(32))],
    ['sfl', () => either(random.whole(64))],
    ['b', () => random.of(['true', 'false'])],
    [random.of(['sT', 's_t']), textual],
    ['by', () => `"${random.base64()}"`],
    ['maybeLong', () => either(random.whole(64))],
    ['longs', () => `[${random.list(() => either(random.whole(64))).join(',')}]`],
    ['texts', () => `[${random.list(textual).join(',')}]`],
    ['loose', () => `[${random.list(() => String(random.whole(32))).join(',')}]`],
    [
      'byName',
      () =>
        pairs(
          () => random.text(),
          () => either(random.whole(64)),
        ),
    ],
    [
      'byTruth',
      () =>
        pairs(
          () => random.of(['true', 'false']),
          () => `"${random.base64()}"`,
        ),
    ],
    [random.of(['first', 'second']), () => either(random.whole(64)).replace(/^(-?\d+)$/, '"$1"')],
    ['colour', colour],
    ['colours', () => `[${random.list(colour).join(',')}]`],
    [
      'at',
      () =>
        `"${random.date()}T${random.clock(random.of([3, 6, 9]))}${random.of(['Z', '+02:00', '-11:30'])}"`.replace(
          /"0001-01-01.*|"9999-12-31.*/,
          '"2000-01-01T00:00:00Z"',
        ),
    ],
    ['took', () => `"${random.of(['', '-'])}${random.below(1e9)}.${String(random.below(1e9)).padStart(9, '0')}s"`],
    ['boxed', () => either(random.whole(64))],
    ['free', () => `{"a":[1.5,null,true,"x"],"b":{${random.of(['', '"c":-2'])}}}`],
    ['inners', () => `[${random.list(() => `{"x":${either(random.whole(64))}}`).join(',')}]`],
    ...(depth > 0
      ? ([
          ['inner', nested],
          ['byNumber', () => pairs(() => String(random.whole(32)), nested)],
        ] as const)
      : []),
  ]
  const share = random.next()
  const chosen = fields.filter(() => random.next() < share)
  return `{${chosen.map(([name, value]) => `"${name}":${value()}`).join(',')}}`
}
