import type { Pair } from './call.ts'
import type { Instant } from './clock.ts'

/** What a call says of itself when its span begins. */
export type Traced = Readonly<{ method: string; template: string; path: string; started: Instant }>

/**
 * Begins the span of a call: takes the trace context of its request, and returns the one that its record carries. What it
 * returns stands for the span until the call has ended.
 */
export type Tracing = (context: readonly Pair[], call: Traced) => readonly Pair[]
