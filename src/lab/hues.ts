import { colours } from './panel.ts'

/** The hue of each way in which a request can fail: refusals are cool, what has cost the client time is warm. */
const hues: Readonly<Record<string, string>> = {
  'bulkhead-full': '#4493f8',
  shed: '#54aeff',
  overloaded: '#80ccff',
  'circuit-open': '#986ee2',
  'no-worker': '#6e40c9',
  'worker-behind': '#b083f0',
  'partition-stuck': '#8957e5',
  'rate-limited': '#39c5cf',
  'not-ready': '#768390',
  'deadline-exceeded': '#c69026',
  'reply-timeout': '#e0823d',
  'client-gone': '#e5534b',
  'connection-lost': '#a40e26',
}

export const hueOf = (code: string): string => hues[code] ?? colours.asked
