/** What is known of a topic. */
export type TopicInfo = Readonly<{ name: string; partitions: number; maxMessageBytes: number }>
export type NewTopic = Readonly<{
  name: string
  partitions: number // −1: as the brokers are set
  replication: number // −1: as the brokers are set
  config: Readonly<Record<string, string>> // Kafka's names, such as retention.ms
}>

/** Looks at and prepares topics; never on the way of a request. */
export interface Admin {
  /** Null for a topic that does not exist. Throws topic-forbidden, or broker-unavailable when nobody answers. */
  topic(name: string): Promise<TopicInfo | null>
  /** Creates what is missing and leaves alone what is there. Throws topic-forbidden or broker-unavailable. */
  create(topics: readonly NewTopic[]): Promise<void>
  /** The offset that the next record of each partition will get, by partition. */
  ends(topic: string): Promise<readonly bigint[]>
}
