/** How long a topic keeps what it has, and how sure. `retentionMs` −1: for ever. */
export type Keeping = Readonly<{
  retentionMs: number
  cleanupPolicy: string
  minInsyncReplicas: number
  replication: number // the least of its partitions
  brokers: number // of the cluster
}>
/** What is known of a topic; `keeping` only where brokers say it. */
export type TopicInfo = Readonly<{
  name: string
  partitions: number
  maxMessageBytes: number
  compacted?: true
  keeping?: Keeping
}>
export type NewTopic = Readonly<{
  name: string
  partitions: number // −1: as the brokers are set
  replication: number // −1: as the brokers are set
  config: Readonly<Record<string, string>> // Kafka's names, such as retention.ms
}>

/** What is known of a consumer group and of its way through one topic. */
export type GroupState = Readonly<{
  members: number // 0 when it does not exist, too
  rebalancing: boolean // its partitions are being handed out anew: some, or all, are served by nobody
  committed: readonly bigint[] // by partition: everything below is done; −1 where it never said so
  ends: readonly bigint[] // by partition: seen after the commits, so never below them; −1 where nobody leads
}>

/** Looks at and prepares topics; never on the way of a request. */
export interface Admin {
  /** Null for a topic that does not exist. Throws topic-forbidden, or broker-unavailable when nobody answers. */
  topic(name: string): Promise<TopicInfo | null>
  /** Creates what is missing and leaves alone what is there. Throws topic-forbidden or broker-unavailable. */
  create(topics: readonly NewTopic[]): Promise<void>
  /** The offset that the next record of each partition will get, by partition. */
  ends(topic: string): Promise<readonly bigint[]>
  /** How a group stands. Cheap enough for once a second. Throws topic-missing, topic-forbidden or broker-unavailable. */
  group(name: string, topic: string): Promise<GroupState>
}
