import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import type { SchemaSource } from '../../../config/schema/index.ts'
import { formatOf } from '../../format.ts'
import type { Format } from '../../format.ts'
import type { Codec, Source } from './codec.ts'

const mostReferences = 200

/** Compiles the schema of a file, with what it refers to beside it. Throws an Error of one sentence. */
export async function codecOfFile({ file = '', format, message }: Omit<SchemaSource, 'mode'>): Promise<Codec> {
  const spoken = formatOf(file, format)
  const text = readFileSync(file, /\.(desc|binpb)$/i.test(file) ? 'base64' : 'utf8')
  const references = new Map<string, string>()
  if (spoken !== 'avro') gather(text, dirname(file), '', spoken, references)
  return await compile(spoken, { name: basename(file), text, references, message })
}

/** Loads only what the format needs. */
export async function compile(format: Format, source: Source): Promise<Codec> {
  if (format === 'avro') return (await import('./avro/index.ts')).avroCodec(source)
  if (format === 'protobuf') return (await import('./protobuf/index.ts')).protobufCodec(source)
  return (await import('./json.ts')).jsonCodec(source)
}

const patterns = {
  json: /"\$ref"\s*:\s*"([^"#]+)/g,
  protobuf: /^\s*import\s+(?:public\s+|weak\s+|option\s+)?"([^"]+)"\s*;/gm,
} as const

/** What a schema refers to and has beside it; names are as they are written, from the folder of the first file. */
function gather(
  text: string,
  folder: string,
  from: string,
  format: 'json' | 'protobuf',
  all: Map<string, string>,
): void {
  for (const [, name = ''] of text.matchAll(patterns[format])) {
    const place = format === 'json' ? normalize(join(from, name)) : name // imports of Protobuf are from the root
    const file = join(folder, place)
    if (all.has(place) || name.includes('://') || !existsSync(file)) continue
    if (all.size >= mostReferences) throw new Error(`More than ${mostReferences} files are referred to.`)
    const content = readFileSync(file, 'utf8')
    all.set(place, content)
    gather(content, folder, dirname(place), format, all)
  }
}
