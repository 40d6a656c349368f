type Row = Readonly<{
  asks: string // the request header that asks for it
  needs: 'delayMs' | 'status' | 'bytesPerSecond' | null
  least: number // of what it needs
  most: number
}>

const hour = 3_600_000

/** What can be made to go wrong on purpose. `publish` kinds befall each attempt to publish, `reply` kinds each reply, the others the call. */
export const faults = {
  delay: { asks: 'x-fault-delay', needs: 'delayMs', least: 1, most: hour },
  abort: { asks: 'x-fault-abort', needs: 'status', least: 400, most: 599 },
  'lost-reply': { asks: 'x-fault-lost', needs: null, least: 0, most: 0 },
  'duplicate-reply': { asks: 'x-fault-duplicate', needs: null, least: 0, most: 0 },
  'garbled-reply': { asks: 'x-fault-garbled', needs: null, least: 0, most: 0 },
  'refused-publish': { asks: 'x-fault-refused', needs: null, least: 0, most: 0 },
  'slow-publish': { asks: 'x-fault-slow', needs: 'delayMs', least: 1, most: hour },
  throttle: { asks: 'x-fault-throttle', needs: 'bytesPerSecond', least: 1, most: 1_000_000_000 },
} as const satisfies Record<string, Row>

export type FaultKind = keyof typeof faults
export const faultKinds = Object.keys(faults) as FaultKind[]

/** One fault with its chance, in percent; `value` is what its kind needs. */
export type Fault = Readonly<{ rule: string; kind: FaultKind; percent: number; value: number }>

/** What may befall one call: asked wherever a fault can strike, each time by its chance. */
export interface Struck {
  /** The fault of that kind which strikes now; null: none. */
  strike(kind: FaultKind): Fault | null
  /** Does the task after so many ms, unless the call has ended by then. */
  hold(ms: number, task: () => void): void
}
