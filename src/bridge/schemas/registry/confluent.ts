import type { Format } from '../../../format.ts'
import { gathered, Unusable } from './client.ts'
import type { Ask, Client, Described, Id, Reference } from './client.ts'

type Subject = Readonly<{ subject: string; version: string | number }>
type Answer = Readonly<{
  id?: number
  guid?: string
  schema: string
  schemaType?: string
  references?: readonly (Subject & Readonly<{ name: string }>)[] | null
}>

const formats: Readonly<Record<string, Format>> = { AVRO: 'avro', JSON: 'json', PROTOBUF: 'protobuf' }

/** A registry with Confluent's API; Apicurio has it under `/apis/ccompat/v7`. */
export function confluent(ask: Ask): Client {
  const json = async (path: string): Promise<Answer> => JSON.parse(await ask(path)) as Answer
  const pathOf = ({ subject, version }: Subject): string =>
    `/subjects/${encodeURIComponent(subject)}/versions/${encodeURIComponent(version)}`
  const referred = ({ references }: Answer): readonly Reference<Subject>[] =>
    (references ?? []).map(({ name, subject, version }) => ({ name, place: { subject, version } }))
  const look = async (place: Subject) => {
    const found = await json(pathOf(place))
    return { text: found.schema, references: referred(found) }
  }
  const described = async (answer: Answer, asked: readonly Id[]): Promise<Described> => {
    const { id, guid, schema, schemaType = 'AVRO' } = answer
    const format = formats[schemaType]
    if (format === undefined) throw new Unusable(`The schema is of the type ${schemaType}.`)
    const ids: Id[] = [...asked]
    if (id !== undefined) ids.push({ kind: 'schema', value: String(id) })
    if (guid !== undefined) ids.push({ kind: 'guid', value: guid })
    return { ids, format, text: schema, references: await gathered(referred(answer), look) }
  }
  return {
    subject: async (subject, version) =>
      await described(await json(pathOf({ subject, version: version ?? 'latest' })), []),
    byId: async id => await described(await json(`/schemas/${id.kind === 'guid' ? 'guids' : 'ids'}/${id.value}`), [id]),
  }
}
