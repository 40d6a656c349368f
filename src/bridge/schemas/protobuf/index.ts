import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf'
import type { DescFile, DescMessage, JsonValue } from '@bufbuild/protobuf'
import { Violations } from '../codec.ts'
import type { Codec, Source } from '../codec.ts'
import { parseExact } from '../numbers.ts'
import { blame, plainNumbers } from './blame.ts'
import { parseProto } from './parse.ts'
import { shownProtobuf } from './shown.ts'

/** Protobuf in binary, and its own JSON (ProtoJSON). Throws an Error of one sentence. */
export function protobufCodec(source: Source): Codec {
  const { file, registry } = parseProto(source)
  const desc = messageIn(file, source)
  return {
    format: 'protobuf',
    contentType: 'application/protobuf',
    write: json => {
      const value = plainNumbers(desc, parseExact(json))
      try {
        return toBinary(desc, fromJson(desc, value, { registry }))
      } catch (error) {
        const violations = blame(desc, value, registry)
        throw violations.length === 0 ? error : new Violations(violations)
      }
    },
    read: value => {
      try {
        const message = fromBinary(desc, value, { readUnknownFields: false })
        return Buffer.from(
          JSON.stringify(toJson(desc, message, { registry, alwaysEmitImplicit: true }) satisfies JsonValue),
        )
      } catch (error) {
        throw new Violations([{ pointer: '', message: (error as Error).message.slice(0, 300) }])
      }
    },
    shown: place => shownProtobuf(desc, place),
  }
}

/** The message with the name, else the first of the file. */
function messageIn({ messages }: DescFile, { name, message }: Source): DescMessage {
  const [first] = messages
  if (first === undefined) throw new Error(`${name} has no message.`)
  if (message === undefined) return first
  const found = everyOf(messages).find(({ typeName }) => typeName === message)
  if (found === undefined) throw new Error(`${name} has no message ${message}.`)
  return found
}

const everyOf = (messages: readonly DescMessage[]): readonly DescMessage[] =>
  messages.flatMap(one => [one, ...everyOf(one.nestedMessages)])
