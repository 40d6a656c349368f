import type { Format } from '../../../format.ts'
import { gathered, Unusable } from './client.ts'
import type { Ask, Client, Described, Id, Reference } from './client.ts'

type Version = Readonly<{ artifactType: string; globalId: number; contentId: number }>
type Referred = Readonly<{ groupId?: string | null; artifactId: string; version: string; name: string }>

const formats: Readonly<Record<string, Format>> = { AVRO: 'avro', JSON: 'json', PROTOBUF: 'protobuf' }

/** Apicurio Registry 3.x by its own API (`/apis/registry/v3`). A subject is an artifact of the group; with `records` one that is named as a record, of the group that is its namespace. */
export function apicurio(ask: Ask, group: string, records: ReadonlySet<string>): Client {
  const json = async <T>(path: string): Promise<T> => JSON.parse(await ask(path)) as T
  const artifact = (groupId: string, name: string, version: string | undefined): string =>
    `/groups/${encodeURIComponent(groupId)}/artifacts/${encodeURIComponent(name)}/versions/${encodeURIComponent(version ?? 'branch=latest')}`
  const referred = async (contentId: number): Promise<readonly Reference<string>[]> =>
    (await json<readonly Referred[]>(`/ids/contentIds/${contentId}/references`)).map(one => ({
      name: one.name,
      place: artifact(one.groupId ?? 'default', one.artifactId, one.version),
    }))
  const content = (contentId: number): Promise<string> => ask(`/ids/contentIds/${contentId}`)
  const look = async (place: string) => {
    const { contentId } = await json<Version>(place)
    return { text: await content(contentId), references: await referred(contentId) }
  }
  const described = async ({ artifactType, globalId, contentId }: Version): Promise<Described> => {
    const format = formats[artifactType]
    if (format === undefined) throw new Unusable(`The schema is of the type ${artifactType}.`)
    const ids: Id[] = [
      { kind: 'content', value: String(contentId) },
      { kind: 'global', value: String(globalId) },
    ]
    const references = await gathered(await referred(contentId), look)
    return { ids, format, text: await content(contentId), references }
  }
  return {
    subject: async (name, version) => {
      const dot = records.has(name) ? name.lastIndexOf('.') : -1
      const place =
        dot === -1 ? artifact(group, name, version) : artifact(name.slice(0, dot), name.slice(dot + 1), version)
      return await described(await json<Version>(place))
    },
    byId: async ({ kind, value }) => {
      const found = await json<{ versions: readonly Version[] }>(`/search/versions?${kind}Id=${value}&limit=1`)
      const [version] = found.versions
      if (version === undefined) throw new Unusable(`The registry has no ${kind} id ${value}.`)
      return await described(version)
    },
  }
}
