import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf'
import type { DescFile, DescMessage, FileRegistry } from '@bufbuild/protobuf'
import { Violations } from '../codec.ts'
import type { Codec, Message, Source } from '../codec.ts'
import { parseExact } from '../numbers.ts'
import { blame, plainNumbers } from './blame.ts'
import { parseProto } from './parse.ts'
import { shownProtobuf } from './shown.ts'

/** Protobuf in binary, and its own JSON (ProtoJSON). Throws an Error of one sentence. */
export function protobufCodec(source: Source): Codec {
  const { file, registry } = parseProto(source)
  const codecs = new Map<DescMessage, Codec>()
  const of = (desc: DescMessage | undefined): Codec => {
    if (desc === undefined) throw new Violations([{ pointer: '', message: 'is a message that its file does not have' }])
    let codec = codecs.get(desc)
    if (codec === undefined) codecs.set(desc, (codec = codecOf(desc, registry, which => of(found(file, which)))))
    return codec
  }
  return of(messageIn(file, source))
}

/** A message by its name, with or without its package, or by its place. */
function found({ messages }: DescFile, which: string | readonly number[]): DescMessage | undefined {
  if (typeof which === 'string')
    return everyOf(messages).find(({ typeName, name }) => typeName === which || name === which)
  const [first = -1, ...more] = which
  return more.reduce<DescMessage | undefined>((one, index) => one?.nestedMessages[index], messages[first])
}

function indexesOf(desc: DescMessage): readonly number[] {
  const { parent } = desc
  return parent === undefined
    ? [desc.file.messages.indexOf(desc)]
    : [...indexesOf(parent), parent.nestedMessages.indexOf(desc)]
}

function codecOf(desc: DescMessage, registry: FileRegistry, of: Message['of']): Codec {
  return {
    format: 'protobuf',
    contentType: 'application/protobuf',
    message: { name: desc.name, indexes: indexesOf(desc), of },
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
        return Buffer.from(JSON.stringify(toJson(desc, message, { registry, alwaysEmitImplicit: true })))
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
