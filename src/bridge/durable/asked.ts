import { headerOf } from '../../call.ts'
import type { Call } from '../../call.ts'
import { Problem } from '../../problem.ts'
import type { Producer, Step } from './record.ts'
import { plainType } from './record.ts'

const width = 16
const logWidth = 4
/** The opaque place in a stream, with the log that it is in where that is known: sorts as text as it does in the log. */
export const tokenOf = (offset: number, log: number): string =>
  `${offset}`.padStart(width, '0') + (log === 0 ? '' : `_${log.toString(36).padStart(logWidth, '0')}`)

export type Place = Readonly<{ at: 'start' | 'now' } | { at: 'offset'; offset: number; log: number }>
export type Live = 'no' | 'long-poll' | 'sse'
export type Reading = Readonly<{ place: Place; live: Live; cursor: string | null }>

const invalid = (detail: string): Problem => new Problem('invalid-request', detail)
const saidIn = ({ told }: Call, name: string): string | null => headerOf(told.headers, name) ?? null

/** What a GET asks for. Throws invalid-request. */
export function readingOf({ told }: Call): Reading {
  const asked = new URLSearchParams(told.query)
  const live = asked.get('live')
  if (live !== null && live !== 'long-poll' && live !== 'sse') throw invalid('live is long-poll or sse.')
  const offsets = asked.getAll('offset')
  if (offsets.length > 1) throw invalid('offset can be given once.')
  if (live !== null && offsets.length === 0) throw invalid('A live read needs an offset.')
  return { place: placeOf(offsets[0] ?? '-1'), live: live ?? 'no', cursor: asked.get('cursor') }
}

function placeOf(text: string): Place {
  if (text === '-1') return { at: 'start' }
  if (text === 'now') return { at: 'now' }
  const [, digits, log] = /^(\d{16})(?:_([\da-z]{4}))?$/.exec(text) ?? []
  if (digits === undefined || !Number.isSafeInteger(Number(digits))) throw invalid('The offset is none of this stream.')
  return { at: 'offset', offset: Number(digits), log: log === undefined ? 0 : Number.parseInt(log, 36) }
}

/** What a PUT or POST asks for. Throws invalid-request, stream-unsupported. */
export function stepOf(call: Call, kind: 'create' | 'append'): Step {
  const { body, told } = call
  for (const name of ['stream-ttl', 'stream-expires-at', 'stream-forked-from'] as const) checkUnsupported(call, name)
  const closes = /^true$/i.test(saidIn(call, 'stream-closed') ?? '')
  const type = told.contentType
  const value = body.length === 0 ? null : body
  if (kind === 'append' && value === null && !closes) throw invalid('An append needs a body.')
  if (kind === 'append' && value !== null && type === null) throw invalid('An append needs a Content-Type.')
  return {
    kind,
    type,
    producer: kind === 'append' ? producerOf(call) : null,
    seq: saidIn(call, 'stream-seq'),
    closes,
    value,
  }
}

/** The values that a body of JSON holds: those of an array are messages of their own. Throws invalid-request. */
export function checkJson(step: Step): Step {
  const { value, type } = step
  if (value === null || type === null || !isJson(type)) return step
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(value).toString())
  } catch {
    throw invalid('The body is no JSON.')
  }
  if (!Array.isArray(json) || json.length > 0) return step
  if (step.kind === 'append') throw invalid('An append needs at least one message.')
  return { ...step, value: null }
}

export const isJson = (type: string): boolean => /^application\/(?:[^/]+\+)?json$/.test(plainType(type))
export const isText = (type: string): boolean => isJson(type) || plainType(type).startsWith('text/')

function producerOf(call: Call): Producer | null {
  const [id, epoch, seq] = [saidIn(call, 'producer-id'), saidIn(call, 'producer-epoch'), saidIn(call, 'producer-seq')]
  if (id === null && epoch === null && seq === null) return null
  if (id === null || epoch === null || seq === null)
    throw invalid('Producer-Id, Producer-Epoch and Producer-Seq come together.')
  if (id === '') throw invalid('Producer-Id is empty.')
  return { id, epoch: countOf(epoch, 'Producer-Epoch'), seq: countOf(seq, 'Producer-Seq') }
}

function countOf(text: string, name: string): number {
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw invalid(`${name} is a whole number below 2^53.`)
  return Number(text)
}

function checkUnsupported(call: Call, name: 'stream-ttl' | 'stream-expires-at' | 'stream-forked-from'): void {
  const given = saidIn(call, name)
  if (given === null) return
  if (name === 'stream-ttl' && !/^(0|[1-9]\d*)$/.test(given)) throw invalid('Stream-TTL is a whole number of seconds.')
  if (name === 'stream-expires-at' && !/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(given))
    throw invalid('Stream-Expires-At is a time as RFC 3339 has it.')
  if (name === 'stream-ttl' && saidIn(call, 'stream-expires-at') !== null)
    throw invalid('Stream-TTL and Stream-Expires-At exclude each other.')
  const what = name === 'stream-forked-from' ? 'forked' : 'given a time to live of its own'
  throw new Problem('stream-unsupported', `A stream that is a key of a topic cannot be ${what}.`)
}

/** 9 October 2024. */
const cursorsFrom = 1_728_432_000_000
/** Grows with time, and with each answer (Durable Streams 1.0, 8.1): so that no cache between answers a client with the same for ever. */
export function cursorOf(given: string | null, wallMs: number, random: () => number = Math.random): string {
  const present = Math.floor((wallMs - cursorsFrom) / 20_000)
  const before = given !== null && /^\d{1,15}$/.test(given) ? Number(given) : -1
  return `${before < present ? present : before + 1 + Math.floor(random() * 180)}`
}
