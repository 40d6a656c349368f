import pino from 'pino'
import type { Logger } from 'pino'
import type { Config } from '../../config/schema/index.ts'
import { wallClock } from '../clock.ts'
import { causeOf, cleaner } from './clean.ts'
import type { Clean } from './clean.ts'
import { listen } from './listen.ts'
import type { Listeners } from './listen.ts'
import { pretty } from './pretty.ts'
import { requestLines, told } from './requests.ts'
import { Sink } from './sink.ts'
import type { Destination } from './sink.ts'

/** The log, until it is closed. */
export interface Log extends AsyncDisposable {
  /** Lines that could not be written. */
  readonly lost: number
  /** Least level that is written. To set it is to change it at once, until the process ends. */
  level: Level
}
export type LogConfig = Pick<Config, 'log' | 'routes'> & Partial<Config>
export type Level = Config['log']['level']

/** Turns what happens into lines. Throws when the file cannot be opened. */
export function openLog(config: LogConfig, instance: string, destination?: Destination): Log {
  const { file } = config.log
  let sink: Sink | null = null
  let lines = destination
  /** Nothing is opened as long as nothing is to be written. */
  const open = (): Destination => {
    const terminal = file === undefined && process.stdout.isTTY
    sink = new Sink(file, terminal ? { flushMs: 10 } : {})
    return terminal ? pretty(sink) : sink
  }
  const clean = cleaner(config)
  const listening = (level: Level): Disposable => {
    if (level === 'silent') return { [Symbol.dispose]: () => {} }
    lines ??= open()
    const log = pino(
      {
        level,
        base: { instance },
        timestamp: () => `,"time":${wallClock()}`,
        formatters: { level: label => ({ level: label }) },
      },
      lines,
    )
    const requests = requestLines({ log: config.log, routes: config.routes, instance }, { log, lines, clean })
    const heard = listen({ finished: requests.write, ...others(log, clean) })
    return {
      [Symbol.dispose]: () => {
        heard[Symbol.dispose]()
        requests[Symbol.dispose]()
      },
    }
  }
  let { level } = config.log
  let now = listening(level)
  return {
    get lost() {
      return sink?.lost ?? 0
    },
    get level() {
      return level
    },
    set level(next) {
      const before = now
      now = listening((level = next))
      before[Symbol.dispose]()
    },
    [Symbol.asyncDispose]: async () => {
      now[Symbol.dispose]()
      await sink?.[Symbol.asyncDispose]()
    },
  }
}

/** Everything but the requests. What may come thousands of times a second is told at `debug` only. */
function others(log: Logger, clean: Clean): Listeners {
  const always: Listeners = {
    circuit: ({ circuit, from, to, reason }) => {
      const level = to === 'open' ? 'warn' : to === 'closed' ? 'info' : 'debug'
      log[level]({ circuit, from, to, reason: clean(reason) }, 'circuit')
    },
    forced: ({ circuit, forced }) => log[forced === null ? 'info' : 'warn']({ circuit, forced }, 'circuit forced'),
    broker: ({ state, reason }) =>
      log[state === 'down' ? 'warn' : 'info']({ state, ...(reason !== '' && { reason: clean(reason) }) }, 'broker'),
    redis: ({ state, reason }) =>
      log[state === 'down' ? 'warn' : 'info']({ state, ...(reason !== '' && { reason: clean(reason) }) }, 'redis'),
    reader: ({ topic, partition, kind, reason, offset }) =>
      log.warn({ topic, partition, kind, offset: offset?.toString(), reason: clean(reason) }, 'reader'),
    overload: ({ shedding, detail }) =>
      log[shedding ? 'warn' : 'info']({ shedding, ...(detail !== '' && { detail }) }, 'overload'),
    group: ({ worker, group, from, to, reason }) => {
      const level = to === 'absent' ? 'warn' : to === 'rebalancing' || from === 'rebalancing' ? 'debug' : 'info'
      log[level]({ worker, group: clean(group), from, to, reason: clean(reason) }, 'group')
    },
    partition: ({ worker, partition, to, reason, bad }) =>
      log[to === 'bad' ? 'warn' : 'info']({ worker, partition, to, reason: clean(reason), bad }, 'partition'),
    faultRule: ({ state, rule, kind, percent, route, worker, forMs }) =>
      log[state === 'begun' ? 'warn' : 'info']({ state, rule, kind, percent, route, worker, forMs }, 'fault rule'),
    endpoint: ({ upstream, endpoint, kind, reason }) =>
      log[kind === 'ejected' || kind === 'unhealthy' ? 'warn' : 'info'](
        { upstream, endpoint, kind, reason: clean(reason) },
        'endpoint',
      ),
    rollout: ({ route, percent, state, reason }) =>
      log[state === 'held' ? 'warn' : 'info']({ route, percent, state, reason }, 'rollout'),
    dead: ({ by, reason }) => log.warn({ by, reason }, 'given up'),
    audit: ({ change, from, status, asked, why }) =>
      log[status < 400 ? 'info' : 'warn'](
        {
          change: clean(change),
          from,
          status,
          ...(asked !== undefined && { asked: clean(asked) }),
          ...(why !== undefined && { why: clean(why) }),
        },
        'audit',
      ),
    lifecycle: ({ kind, detail }) => log.info({ kind, ...(detail !== '' && { detail: clean(detail) }) }, 'lifecycle'),
    warning: ({ what, cause }) =>
      log.warn({ what: clean(what), ...(cause !== undefined && { cause: clean(causeOf(cause)) }) }, 'warning'),
  }
  if (!log.isLevelEnabled('debug')) return always
  return {
    ...always,
    refused: ({ policy, route, problem: { code }, observed }) =>
      log.debug({ policy, route, code, observed }, 'refused'),
    retried: ({ topic, attempt, delayMs, observed, problem }) =>
      log.debug({ topic, attempt, delayMs: Math.round(delayMs), observed, ...told(problem, clean) }, 'retried'),
    repeated: ({ route, kind, observed }) => log.debug({ route, kind, observed }, 'repeated'),
    fault: ({ kind, rule, route, observed }) => log.debug({ kind, rule, route, observed }, 'fault'),
    budgetSpent: ({ topic }) => log.debug({ topic }, 'retry budget spent'),
    reply: ({ class: kind, worker }) => {
      if (kind !== 'answered') log.debug({ class: kind, worker }, 'reply dropped')
    },
    produced: ({ records, bytes, ms, failed }) => {
      if (failed > 0) log.debug({ records, bytes, ms: Math.round(ms), failed }, 'records failed')
    },
  }
}
