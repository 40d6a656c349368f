import { levels } from '../config/schema/log.ts'
import type { Processes } from './bridge/processes/index.ts'
import type { Calls } from './calls.ts'
import type { Callbacks } from './bridge/operations/index.ts'
import type { Subscription } from './bridge/push/index.ts'
import type { ForcedState } from './events.ts'
import { Problem } from './problem.ts'
import type { Circuit } from './resilience/circuit/index.ts'
import type { Faults } from './resilience/faults/index.ts'
import type { Strangler } from './resilience/strangler/index.ts'
import type { Change } from './routes/change.ts'
import type { Level, Log } from './telemetry/log.ts'

const forces: readonly (ForcedState | null)[] = ['open', 'closed', 'observe', null]

type Subscribed = Pick<Subscription, 'name' | 'state' | 'start' | 'pause'>
type Changing = Readonly<{
  circuits: readonly Circuit[]
  faults: Faults | null
  calls: Calls
  operations: Readonly<{
    callbacks: Pick<Callbacks, 'again'> | null
    processes: Pick<Processes, 'resume'> | null
  }> | null
  stranglers: readonly Strangler[]
  push: readonly Subscribed[]
  log: Pick<Log, 'level'>
  /** Begins to stop the instance, as SIGTERM does. */
  drain: () => void
}>

/** What operators may change while it runs: circuits, waiting calls, the level of the log, its end, callbacks, processes, subscribers, and faults where they can be injected at all. */
export function changesOf(changing: Changing): readonly Change[] {
  const { circuits, faults, calls, operations, push, stranglers, drain, log } = changing
  const force: Change = {
    method: 'PUT',
    path: '/circuits',
    named: true,
    does: (name, body) => {
      const circuit = circuits.find(each => each.name === name)
      if (circuit === undefined)
        throw new Problem(
          'unknown-route',
          `There is no circuit ${name}; there are ${circuits.map(each => each.name).join(', ')}.`,
        )
      circuit.force(forcedOf(body))
      return circuit.snapshot()
    },
  }
  const cancel: Change = { method: 'DELETE', path: '/calls', named: true, does: id => calls.cancel(id) }
  const stop: Change = {
    method: 'PUT',
    path: '/drain',
    named: false,
    does: () => {
      drain()
      return { draining: true }
    },
  }
  const share: Change = {
    method: 'PUT',
    path: '/strangler',
    named: true,
    does: (name, body) => {
      const strangler = stranglers.find(each => each.name === name)
      if (strangler === undefined)
        throw new Problem('unknown-route', `No route ${name} has both an upstream and a command or query.`)
      return strangler.change(body)
    },
  }
  const level: Change = {
    method: 'PUT',
    path: '/log',
    named: false,
    does: (_name, body) => {
      log.level = levelOf(body)
      return { level: log.level }
    },
  }
  const callbacks = operations?.callbacks ?? null
  const processes = operations?.processes ?? null
  return [
    force,
    cancel,
    stop,
    share,
    level,
    ...(faults === null ? [] : faultChanges(faults)),
    ...(callbacks === null ? [] : [callAgain(callbacks)]),
    ...(processes === null ? [] : [resuming(processes)]),
    ...(push.length === 0 ? [] : [pushing(push)]),
  ]
}

const resuming = (processes: Pick<Processes, 'resume'>): Change => ({
  method: 'PUT',
  path: '/processes',
  named: true,
  does: async (id, body) => {
    if (typeof body !== 'object' || body === null || Reflect.get(body, 'resume') !== true)
      throw new Problem('invalid-request', 'Expected {"resume": true}.')
    await processes.resume(id)
    return { id, resumed: true }
  },
})

const callAgain = (callbacks: Pick<Callbacks, 'again'>): Change => ({
  method: 'PUT',
  path: '/callbacks',
  named: true,
  does: async id => {
    await callbacks.again(id)
    return { id, state: 'pending' }
  },
})

const pushing = (all: readonly Subscribed[]): Change => ({
  method: 'PUT',
  path: '/push',
  named: true,
  does: async (name, body) => {
    const subscription = all.find(each => each.name === `push.${name}`)
    if (subscription === undefined) throw new Problem('unknown-route', `There is no subscriber ${name}.`)
    const state: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'state') : undefined
    if (state === 'running') await subscription.start()
    else if (state === 'paused') await subscription.pause()
    else throw new Problem('invalid-request', 'Expected {"state": "running"} or "paused".')
    return subscription.state
  },
})

const faultChanges = (faults: Faults): readonly Change[] => [
  {
    method: 'PUT',
    path: '/faults',
    named: true,
    does: (name, body) => {
      faults.add(name, body)
      return faults.snapshot()
    },
  },
  {
    method: 'DELETE',
    path: '/faults',
    named: true,
    does: name => {
      if (!faults.remove(name)) throw new Problem('unknown-route', `There is no rule ${name}.`)
      return faults.snapshot()
    },
  },
  {
    method: 'PUT',
    path: '/faults',
    named: false,
    does: (_name, body) => {
      faults.set(body)
      return faults.snapshot()
    },
  },
  {
    method: 'DELETE',
    path: '/faults',
    named: false,
    does: () => {
      faults.clear()
      return faults.snapshot()
    },
  },
]

/** Throws invalid-request for anything but `{"level": …}`. */
function levelOf(body: unknown): Level {
  const asked: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'level') : undefined
  const found = levels.find(each => each === asked)
  if (found === undefined) throw new Problem('invalid-request', `Expected {"level": …}, one of ${levels.join(', ')}.`)
  return found
}

/** Throws invalid-request for anything but `{"force": …}`. */
function forcedOf(body: unknown): ForcedState | null {
  const asked: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'force') : undefined
  const found = forces.find(each => each === asked)
  if (found === undefined)
    throw new Problem('invalid-request', 'Expected {"force": "open"}, "closed", "observe", or null to let go.')
  return found
}
