import type { ModeName } from '../../../config/schema/index.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Headers, Incoming } from '../broker.ts'

/** A record in the form of clients: JSON in place of what is on the topic. Null: it does not match, and is passed over. */
export type ReadRecord = (record: Incoming) => Incoming | null
/** The JSON of a value or a key. Throws an Error that says why it is none. */
export type ReadBytes = (bytes: Uint8Array, headers: Headers) => Uint8Array

export type ReadingOptions = Readonly<{
  route: string
  mode: ModeName
  value: ReadBytes | null
  key: ReadBytes | null
}>

/** Makes the function that reads the records of a topic. With `observe` those that do not match are only counted, and stay as they are. */
export function reading({ route, mode, value: readValue, key: readKey }: ReadingOptions): ReadRecord {
  return function read(record) {
    const { headers, topic } = record
    try {
      const key = record.key === null || readKey === null ? record.key : readKey(record.key, headers)
      const value = record.value === null || readValue === null ? record.value : readValue(record.value, headers)
      return { ...record, key, value, headers: value === record.value ? headers : asJson(headers) }
    } catch (error) {
      const detail = `A record of ${topic} is not what its schema allows: ${(error as Error).message}`
      const problem = new Problem('schema-violation', detail, { policy: 'schema' })
      const observed = mode !== 'enforce'
      if (events.refused.hasSubscribers)
        events.refused.publish({ policy: 'schema', route, worker: topic, problem, observed })
      return observed ? record : null
    }
  }
}

const json = Buffer.from('application/json')

const asJson = (headers: Headers): Headers => [
  ['content-type', json],
  ...headers.filter(([name]) => name !== 'content-type'),
]
