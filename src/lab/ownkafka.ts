import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { OwnKafka, StartKafka } from './onkafka.ts'

type Node = Readonly<{ pid?: number | undefined; kill9: () => Promise<void>; restart: () => Promise<void> }>
type Tool = Readonly<{
  startKafka: (options: object) => Promise<AsyncDisposable & Readonly<{ brokers: string; nodes: readonly Node[] }>>
}>

const tool = new URL('../../tools/kafka/cluster.ts', import.meta.url)

/** Starts a real Kafka with the tools of a checkout, which the package does not carry. Throws an Error of one sentence. */
export const startOwnKafka: StartKafka = async nodes => {
  if (!existsSync(fileURLToPath(tool)))
    throw new Error('`broker: kafka` starts one in a checkout of Sluice only; name one that is there by `brokers`.')
  const { startKafka } = (await import(tool.href)) as Tool
  const cluster = await startKafka({ brokers: nodes, defaults: false })
  return Object.assign(handsOn(cluster.nodes, cluster.brokers), {
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  })
}

function handsOn(nodes: readonly Node[], brokers: string): OwnKafka {
  const signal = (name: NodeJS.Signals): void => {
    for (const { pid } of nodes) if (pid !== undefined) process.kill(pid, name)
  }
  const [first] = nodes
  const each = async (work: (node: Node) => Promise<void>): Promise<void> => void (await Promise.all(nodes.map(work)))
  return {
    brokers,
    pids: () => nodes.flatMap(({ pid }) => pid ?? []),
    hands: {
      kill: () => each(node => node.kill9()),
      start: () => each(node => node.restart()),
      pause: async () => signal('SIGSTOP'),
      resume: async () => signal('SIGCONT'),
      loseLeader: async () => await first?.kill9(),
      electLeader: async () => await first?.restart(),
    },
  }
}
