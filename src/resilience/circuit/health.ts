import type { ModeName } from '../../../config/schema/index.ts'
import type { EpochMs } from '../../clock.ts'
import type { CircuitState, ForcedState } from '../../events.ts'

export type CircuitOptions = Readonly<{
  name: string // for the metrics and for the client
  mode: ModeName
  windowMs: number
  minCalls: number // verdicts in the window before the share of failures counts
  failurePercent: number
  consecutive: number // failures in a row, of more than one client or key, that open it, however few the calls
  openMs: number
  openMaxMs: number // open times double up to here
  probes: number // calls let through while half-open
  longestWaitMs: number // after which a probe without a verdict gives its place away
  slowMs?: number | undefined // a success that took longer is slow; none is unless given
  slowPercent?: number // of the successes in the window, which open it
  shared?: boolean // by tenants, of whom none opens it alone
}>

/**
 * What one call says about the target. `slow`: a success that took too long. `error`: it answered that this call has failed, which
 * may be the input's fault, so it counts in the share only. `failure`: it did not answer, or nothing that can be read; several
 * in a row open the circuit. `lost`: it did not answer this one, though it did later ones, as where those of a key wait for each
 * other: it counts in the share only. `none`: nothing, as when the client left or we refused the call ourselves.
 */
export type Verdict = 'success' | 'slow' | 'error' | 'lost' | 'failure' | 'none'
/** Who asked for what. Failures in a row of one client with one key may be the fault of that input, and those of one tenant its own. */
export type Source = Readonly<{
  client: string
  key: Uint8Array | null
  tenant?: Readonly<{ name: string }> | undefined
}>
/** The right to a verdict. It is void once the circuit has changed, or the probe's place has gone to another. */
export type Pass = number
/** A circuit at present, for people. The counts are of the window. */
export type CircuitSnapshot = Readonly<{
  name: string
  state: CircuitState
  mode: ModeName // in force
  forced: ForcedState | null
  reason: string // of the last change
  verdicts: number
  failures: number
  slow: number
  inARow: number // failures since the last success
  openUntil: EpochMs | null // null unless open, and while an operator holds it open
  openings: number // by which the next open time is doubled
  probing: number // probes under way
}>
/** What survives a restart; `until` is when it is out of date. */
export type Saved = Pick<CircuitSnapshot, 'state' | 'forced' | 'openings'> & Cause & Readonly<{ until: EpochMs | null }>

/** Why it changed; what was exceeded, and by what. */
export type Cause = Readonly<{ reason: string; limit?: number | undefined; observed?: number | undefined }>
