// The gateway of a run as a process of its own; with the embedded broker also the broker and the workers.
import { parse } from '../../config/load.ts'
import { format } from '../../config/mistake.ts'
import { start } from '../app.ts'
import type { Gateway } from '../app.ts'
import { MemoryBroker } from '../bridge/memory.ts'
import { every } from '../clock.ts'
import type { Deeds } from './behaviour.ts'
import type { Overlay } from './gateway.ts'
import { Indoors } from './indoors.ts'
import type { Staff } from './indoors.ts'
import type { Action } from './timeline.ts'

/** `staff`: who works on the embedded broker; null: the gateway is configured for a Kafka. */
export type Hosting = Readonly<{ config: Overlay; staff: Staff | null }>
export type ToHost =
  | Readonly<{ kind: 'host'; hosting: Hosting }>
  | Readonly<{ kind: 'act'; number: number; action: Action }>
  | Readonly<{ kind: 'read' }>
  | Readonly<{ kind: 'stop' }>
export type FromHost =
  | Readonly<{ kind: 'ready' }>
  | Readonly<{ kind: 'hosting'; url: string; admin: string }>
  | Readonly<{ kind: 'acted'; number: number; trouble: string | null }>
  | Readonly<{ kind: 'deeds'; deeds: Deeds }>
  | Readonly<{ kind: 'topic'; commands: Readonly<Record<string, number>> }>

const tellEveryMs = 250
const tell = (said: FromHost, then: () => void = () => {}): void => void process.send?.(said, then)
let indoors: Indoors | null = null
let gateway: Gateway | null = null

async function host({ config: overlay, staff }: Hosting): Promise<void> {
  const { config, mistakes } = parse(JSON.stringify(overlay), 'gateway.yaml')
  if (config === null) throw new Error(`The configuration of the gateway does not hold:\n${format(mistakes)}`)
  const broker = staff === null ? null : new MemoryBroker()
  indoors = broker === null || staff === null ? null : await Indoors.open(broker, staff)
  gateway = await start(config, broker === null ? {} : { broker })
  await gateway.ready
  every(tellEveryMs, () => {
    if (indoors !== null) tell({ kind: 'deeds', deeds: indoors.deeds })
  })
  tell({ kind: 'hosting', url: gateway.url, admin: gateway.adminUrl })
}

async function act(number: number, action: Action): Promise<void> {
  const trouble = await indoors?.act(action).then(
    () => null,
    (error: Error) => error.message,
  )
  tell({ kind: 'acted', number, trouble: trouble ?? null })
}

process.on('message', (said: ToHost) => {
  if (said.kind === 'host') void host(said.hosting)
  else if (said.kind === 'act') void act(said.number, said.action)
  else if (said.kind === 'read') tell({ kind: 'topic', commands: indoors?.commands ?? {} })
  else void gateway?.stop({ delayMs: 0 }).then(() => process.exit(0))
})
process.on('SIGINT', () => {}) // from a terminal: for whoever started it
process.once('disconnect', () => process.exit(1)) // with whoever started it
tell({ kind: 'ready' })
