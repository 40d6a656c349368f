/** The parts of kafkajs 2.2.4 below its public classes that we build on, as far as we use them. */

declare module 'kafkajs/src/network/connection.js' {
  export type Exchange<T> = {
    throttleMs?: number // how long the answer says that the connection is held back: ours, kafkajs does not know it
    readonly request: Readonly<{
      apiKey: number
      apiVersion: number
      apiName: string
      expectResponse?: () => boolean
      encode: () => Promise<unknown>
    }>
    readonly response: { decode(payload: Buffer): Promise<T>; parse(decoded: T): Promise<T> }
  }
  export default class Connection {
    constructor(options: Readonly<Record<string, unknown>>)
    connect: () => Promise<void>
    authenticate(): Promise<void>
    disconnect(): Promise<void>
    send<T>(exchange: Exchange<T>): Promise<T>
    setVersions(versions: unknown): void
    setSupportAuthenticationProtocol(supported: boolean): void
    rejectRequests(error: Error): void
  }
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    pending: unknown[]
    throttledUntil: number
    scheduleCheckPendingRequests(): void
  }
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  import type { Exchange } from 'kafkajs/src/network/connection.js'
  type Range = Readonly<{ apiKey: number; minVersion: number; maxVersion: number }>
  const value: Readonly<{
    requests: Readonly<{
      ApiVersions: { protocol(of: { version: number }): () => Exchange<{ apiVersions: readonly Range[] }> }
    }>
  }>
  export default value
}

declare module 'kafkajs/src/loggers/index.js' {
  const value: Readonly<{
    createLogger: (options: {
      level: number
      logCreator: () => (entry: { log: { message: string } }) => void
    }) => unknown
  }>
  export default value
}

declare module 'kafkajs/src/consumer/consumerGroup.js' {
  export default class ConsumerGroup {
    constructor(options: Readonly<Record<string, unknown>>)
    readonly cluster: Readonly<{
      refreshMetadata: () => Promise<void>
      findGroupCoordinator: (of: Readonly<{ groupId: string }>) => Promise<unknown>
    }>
    readonly groupId: string
    memberId: string | null // null: unknown to the group
    coordinator: unknown
    connect: () => Promise<void>
    heartbeat: (options: Readonly<{ interval: number }>) => Promise<void>
    recoverFromFetch: (error: unknown) => Promise<void>
    recoverFromOffsetOutOfRange: (error: unknown) => Promise<void>
    joinAndSync: () => Promise<void>
    leave: () => Promise<void>
  }
}
