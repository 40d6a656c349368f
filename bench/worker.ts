// The worker: answers every command of a topic at once with its own value and 201, for all gateways alike, and must never be the
// limit. A client library's share would be several times the worker's (kafkajs 50 µs a command, Java's 22), on two cores that
// the measured gateway needs: hence the few requests that it takes, spoken directly. It is no member of a group: it reads all.
import { readCommands, ReplyBatch } from './batch.ts'
import type { Command } from './batch.ts'
import { fail, Link } from './link.ts'

const api = { produce: [0, 3], fetch: [1, 4], listOffsets: [2, 1], metadata: [3, 1] } as const
type Leader = Readonly<{ produce: Link; fetch: Link }>
type Topic = Readonly<{ partitions: readonly Leader[] }>

const address = process.env['KAFKA_BROKERS']?.split(',')[0]?.split(':') ?? fail('KAFKA_BROKERS is not set.')
const seed = new Link(address[0]!, Number(address[1]))
const leaders = new Map<string, Leader>()

async function look(name: string): Promise<Topic> {
  return { partitions: await soon(`The leaders of topic ${name}`, () => partitionsOf(name)) }
}

/** What was created a moment ago is known to every broker a little later. */
async function soon<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  for (let attempt = 1; attempt < 50; attempt++) {
    const found = await look()
    if (found !== null) return found
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  return fail(`${what} cannot be found.`)
}

async function partitionsOf(name: string): Promise<readonly Leader[] | null> {
  const answer = await seed.request(...api.metadata, body => body.int32(1).text(name))
  const nodes = new Map(
    answer.list(() => {
      const id = answer.int32()
      const node = { host: answer.text(), port: answer.int32() }
      answer.text() // rack
      return [id, node]
    }),
  )
  answer.int32() // controller
  const partitions: Leader[] = []
  let whole = true
  answer.list(() => {
    const error = answer.int16()
    if (error !== 0) whole = false
    answer.text()
    answer.at++
    answer.list(() => {
      answer.int16()
      const index = answer.int32()
      const node = nodes.get(answer.int32())
      answer.list(() => answer.int32())
      answer.list(() => answer.int32())
      if (node === undefined) whole = false
      else partitions[index] = leaderAt(node.host, node.port)
    })
  })
  return whole && partitions.length > 0 ? partitions : null
}

function leaderAt(host: string, port: number): Leader {
  const known = leaders.get(`${host}:${port}`)
  if (known !== undefined) return known
  const leader = { produce: new Link(host, port), fetch: new Link(host, port) }
  leaders.set(`${host}:${port}`, leader)
  return leader
}

/** Replies to the partitions of one leader: one produce request at a time, with whatever gathered during the last. */
class Outbox {
  readonly #link: Link
  readonly #batches = new Map<string, Map<number, ReplyBatch>>()
  #busy = false

  constructor(link: Link) {
    this.#link = link
  }

  add(partition: number, command: Command): void {
    let topic = this.#batches.get(command.topic)
    if (topic === undefined) this.#batches.set(command.topic, (topic = new Map()))
    let batch = topic.get(partition)
    if (batch === undefined) topic.set(partition, (batch = new ReplyBatch()))
    batch.add(command)
  }

  async flush(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    while (this.#hasReplies()) {
      turn++
      const answer = await this.#link.request(...api.produce, body => {
        body.int16(-1).int16(1).int32(10_000) // no transaction, acks 1
        const topics = [...this.#batches].map(
          ([name, batches]) => [name, [...batches].filter(([, batch]) => !batch.empty)] as const,
        )
        body.int32(topics.length)
        for (const [name, batches] of topics) {
          body.text(name).int32(batches.length)
          for (const [partition, batch] of batches) {
            const bytes = batch.finish()
            body.int32(partition).int32(bytes.length).bytes(bytes)
          }
        }
      })
      answer.list(() => {
        const name = answer.text()
        answer.list(() => {
          const partition = answer.int32()
          const error = answer.int16()
          if (error !== 0) fail(`partition ${partition} of ${name} refused replies with error ${error}.`)
          answer.at += 16
        })
      })
    }
    this.#busy = false
  }

  #hasReplies(): boolean {
    for (const batches of this.#batches.values()) for (const batch of batches.values()) if (!batch.empty) return true
    return false
  }
}

const replyTopics = new Map<string, Topic>()
const outboxes = new Map<Leader, Outbox>()
let turn = 0 // replies that name no partition fill one at a time, as the usual clients do

function answerTo(command: Command): void {
  const topic = replyTopics.get(command.topic)
  if (topic === undefined) {
    void look(command.topic).then(found => {
      replyTopics.set(command.topic, found)
      answerTo(command)
      for (const outbox of outboxes.values()) void outbox.flush()
    })
    return
  }
  const partition = command.partition < 0 ? turn % topic.partitions.length : command.partition
  const leader = topic.partitions[partition] ?? fail(`${command.topic} has no partition ${partition}.`)
  let outbox = outboxes.get(leader)
  if (outbox === undefined) outboxes.set(leader, (outbox = new Outbox(leader.produce)))
  outbox.add(partition, command)
}

async function ends(leader: Leader, name: string, partitions: readonly number[]): Promise<Map<number, bigint> | null> {
  const answer = await leader.fetch.request(...api.listOffsets, body => {
    body.int32(-1).int32(1).text(name).int32(partitions.length)
    for (const partition of partitions) body.int32(partition).int64(-1n) // −1: the end
  })
  const offsets = new Map<number, bigint>()
  let whole = true
  answer.list(() => {
    answer.text()
    answer.list(() => {
      const partition = answer.int32()
      if (answer.int16() !== 0) whole = false
      answer.int64()
      offsets.set(partition, answer.int64())
    })
  })
  return whole ? offsets : null
}

async function serve(leader: Leader, name: string, offsets: Map<number, bigint>): Promise<never> {
  for (;;) {
    const answer = await leader.fetch.request(...api.fetch, body => {
      body.int32(-1).int32(500).int32(1).int32(16_777_216).int8(0) // wait 500 ms for one byte, 16 MiB in all
      body.int32(1).text(name).int32(offsets.size)
      for (const [partition, offset] of offsets) body.int32(partition).int64(offset).int32(1_048_576)
    })
    answer.int32() // throttled
    answer.list(() => {
      answer.text()
      answer.list(() => {
        const partition = answer.int32()
        const error = answer.int16()
        if (error !== 0) fail(`partition ${partition} of ${name} cannot be read: error ${error}.`)
        answer.at += 16 // high watermark, last stable offset
        answer.list(() => (answer.at += 16)) // aborted transactions
        const size = Math.max(0, answer.int32())
        if (size === 0) return
        const records = answer.buffer.subarray(answer.at, (answer.at += size))
        offsets.set(partition, readCommands(records, offsets.get(partition) ?? 0n, answerTo))
      })
    })
    for (const outbox of outboxes.values()) void outbox.flush()
  }
}

const name = process.argv[2] ?? fail('which topic? node bench/worker.ts TOPIC')
const { partitions } = await look(name)
for (const leader of new Set(partitions)) {
  const own = [...partitions.keys()].filter(partition => partitions[partition] === leader)
  const offsets = await soon(`The ends of topic ${name}`, () => ends(leader, name, own))
  void serve(leader, name, offsets)
}
process.once('disconnect', () => process.exit(0)) // with whoever started it
process.send?.({ kind: 'ready' })
