import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import type { DescFile, FileRegistry, MessageInitShape } from '@bufbuild/protobuf'
import * as wkt from '@bufbuild/protobuf/wkt'
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Scalar,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt'
import type {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FieldDescriptorProtoSchema,
  FileDescriptorProto,
} from '@bufbuild/protobuf/wkt'
import protobuf from 'protobufjs'
import type { Source } from '../codec.ts'

type MessageInit = MessageInitShape<typeof DescriptorProtoSchema>
type EnumInit = MessageInitShape<typeof EnumDescriptorProtoSchema>
type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>
/** A file and what it imports. */
export type Parsed = Readonly<{ file: DescFile; registry: FileRegistry }>

/** Its types leave the name of the file out. */
const parser: typeof protobuf.parse & { filename?: string } = protobuf.parse

/** The files that come with Protobuf itself, by name. */
const standard: ReadonlyMap<string, DescFile> = new Map(
  Object.values(wkt).flatMap(value =>
    typeof value === 'object' && 'kind' in value && value.kind === 'file'
      ? [[`${value.name}.proto`, value] as const]
      : [],
  ),
)

/** Reads the text of a file, or a descriptor set in base64, of which the last file is meant. Throws an Error of one sentence. */
export function parseProto({ name, text, references }: Source): Parsed {
  try {
    return isBase64(text) ? fromBase64(text, references) : fromText(name, text, references)
  } catch (error) {
    throw new Error(`${name} does not compile: ${(error as Error).message.split('\n')[0]}.`, { cause: error })
  }
}

const isBase64 = (text: string): boolean => text.length > 0 && /^[A-Za-z0-9+/=\s]+$/.test(text)

/** A single file too, as registries tell it; in a set there are no messages where that has them. */
function fromBase64(text: string, references: ReadonlyMap<string, string>): Parsed {
  const bytes = Buffer.from(text, 'base64')
  const one = fromBinary(FileDescriptorProtoSchema, bytes)
  const alone = one.messageType.length > 0
  const last = alone ? one : fromBinary(FileDescriptorSetSchema, bytes).file.at(-1)
  const referred = (name: string): FileDescriptorProto | undefined => {
    const content = references.get(name)
    return content === undefined ? undefined : fromBinary(FileDescriptorProtoSchema, Buffer.from(content, 'base64'))
  }
  const registry = alone
    ? createFileRegistry(one, name => standard.get(name) ?? referred(name))
    : createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes))
  const file = last === undefined ? undefined : registry.getFile(last.name)
  if (file === undefined) throw new Error('it holds no file')
  return { file, registry }
}

function fromText(name: string, text: string, references: ReadonlyMap<string, string>): Parsed {
  const root = new protobuf.Root()
  const texts = new Map([...references, [name, text]])
  const imports = new Map<string, readonly string[]>()
  for (const [file, content] of texts) {
    if (/^\s*edition\s*=/m.test(content)) throw new Error('editions are read from descriptor sets only')
    parser.filename = file // what is declared remembers it
    const { imports: strong = [], weakImports = [] } = protobuf.parse(content, root, { keepCase: true })
    imports.set(file, [...strong, ...weakImports])
  }
  for (const one of new Set([...imports.values()].flat())) {
    const known = protobuf.common.get(one)
    if (known?.nested !== undefined) root.addJSON(known.nested)
    else if (!texts.has(one) && !standard.has(one)) throw new Error(`it imports ${one}, which is not there`)
  }
  root.resolveAll()
  const files = new Map(
    [...texts].map(([file, content]) => {
      const { package: named, messages, enums } = gathered(root, file)
      const syntax = /^\s*syntax\s*=\s*["'](proto[23])["']/m.exec(content)?.[1] ?? 'proto2'
      const init = {
        name: file,
        package: named,
        syntax,
        dependency: [...(imports.get(file) ?? [])],
        messageType: messages,
        enumType: enums,
      }
      return [file, create(FileDescriptorProtoSchema, init)] as const
    }),
  )
  const main = files.get(name)
  if (main === undefined) throw new Error('it holds no file')
  const registry = createFileRegistry(main, one => standard.get(one) ?? files.get(one))
  return { file: registry.getFile(main.name) as DescFile, registry }
}

/** What a file declares, outside of its messages. */
function gathered(root: protobuf.Root, file: string) {
  const [messages, enums]: [MessageInit[], EnumInit[]] = [[], []]
  let named = ''
  const look = (namespace: protobuf.NamespaceBase): void => {
    for (const one of namespace.nestedArray) {
      if (one instanceof protobuf.Type || one instanceof protobuf.Enum) {
        if (one.filename !== file) continue
        named = namespace.fullName.slice(1)
        if (one instanceof protobuf.Type) messages.push(messageOf(one))
        else enums.push(enumOf(one))
      } else if (one instanceof protobuf.Namespace) look(one)
    }
  }
  look(root)
  return { package: named, messages, enums }
}

function messageOf(type: protobuf.Type): MessageInit {
  if ('group' in type && type.group === true) throw new Error(`${type.name} is a group, which is not understood`)
  const oneofs = type.oneofsArray.toSorted((a, b) => Number(isSynthetic(a)) - Number(isSynthetic(b))) // protoc's order
  const entries: MessageInit[] = []
  const field = type.fieldsArray.map(one => {
    if (one instanceof protobuf.MapField) entries.push(entryOf(one))
    return fieldOf(one, oneofs)
  })
  const nested = type.nestedArray
  return {
    name: type.name,
    field,
    nestedType: [...nested.flatMap(one => (one instanceof protobuf.Type ? [messageOf(one)] : [])), ...entries],
    enumType: nested.flatMap(one => (one instanceof protobuf.Enum ? [enumOf(one)] : [])),
    oneofDecl: oneofs.map(({ name }) => ({ name })),
  }
}

const isSynthetic = (oneof: protobuf.OneOf): boolean =>
  oneof.fieldsArray.length === 1 && oneof.fieldsArray[0]?.options?.['proto3_optional'] === true

const enumOf = ({ name, values, options }: protobuf.Enum): EnumInit => ({
  name,
  value: Object.entries(values).map(([symbol, number]) => ({ name: symbol, number })),
  ...(options?.['allow_alias'] === true && { options: { allowAlias: true } }),
})

const scalars: Readonly<Record<string, Scalar>> = {
  double: Scalar.DOUBLE,
  float: Scalar.FLOAT,
  int64: Scalar.INT64,
  uint64: Scalar.UINT64,
  int32: Scalar.INT32,
  fixed64: Scalar.FIXED64,
  fixed32: Scalar.FIXED32,
  bool: Scalar.BOOL,
  string: Scalar.STRING,
  bytes: Scalar.BYTES,
  uint32: Scalar.UINT32,
  sfixed32: Scalar.SFIXED32,
  sfixed64: Scalar.SFIXED64,
  sint32: Scalar.SINT32,
  sint64: Scalar.SINT64,
}

/** Protoc's name for it: lower_snake becomes lowerCamel. */
const camel = (name: string): string => name.replaceAll(/_+(.?)/g, (_all, letter: string) => letter.toUpperCase())
const entryName = (name: string): string => `${camel(name).replace(/^./, first => first.toUpperCase())}Entry`

function typed(type: string, resolved: protobuf.ReflectionObject | null): Pick<FieldInit, 'type' | 'typeName'> {
  if (resolved === null) return { type: scalars[type] as Scalar }
  return { type: resolved instanceof protobuf.Enum ? Scalar.ENUM : Scalar.MESSAGE, typeName: resolved.fullName }
}

function fieldOf(field: protobuf.Field, oneofs: readonly protobuf.OneOf[]): FieldInit {
  const { name, id: number, options, partOf, repeated, required } = field
  const said: unknown = options?.['json_name']
  const shared = { name, number, jsonName: typeof said === 'string' ? said : camel(name) }
  if (field instanceof protobuf.MapField) {
    const typeName = `${field.parent?.fullName}.${entryName(name)}`
    return { ...shared, label: Label.REPEATED, type: Scalar.MESSAGE, typeName }
  }
  const packed: unknown = options?.['packed']
  const initial: unknown = options?.['default']
  return {
    ...shared,
    ...typed(field.type, field.resolvedType),
    label: repeated ? Label.REPEATED : required ? Label.REQUIRED : Label.OPTIONAL,
    ...(partOf !== null && { oneofIndex: oneofs.indexOf(partOf) }),
    ...(options?.['proto3_optional'] === true && { proto3Optional: true }),
    ...(typeof packed === 'boolean' && { options: { packed } }),
    ...(initial !== undefined && { defaultValue: `${initial as string | number | boolean}` }),
  }
}

const entryOf = (field: protobuf.MapField): MessageInit => ({
  name: entryName(field.name),
  field: [
    { name: 'key', jsonName: 'key', number: 1, label: Label.OPTIONAL, ...typed(field.keyType, null) },
    { name: 'value', jsonName: 'value', number: 2, label: Label.OPTIONAL, ...typed(field.type, field.resolvedType) },
  ],
  options: { mapEntry: true },
})
