import type { ModeName } from '../../config/schema/index.ts'
import type { Policy } from '../call.ts'
import type { Circuit } from './circuit/index.ts'

/** A policy at its place: how it is called and whether it enforces, for people; `state` is what it knows at present, plain and bounded. */
export type Layer<In, Out> = Readonly<{
  policy: string
  mode: ModeName
  wrap: Policy<In, Out>
  state: () => unknown
}>

export const wraps = <In, Out>(layers: readonly Layer<In, Out>[]): Policy<In, Out>[] => layers.map(({ wrap }) => wrap)

/** What is off is not there at all. */
export const on = <In, Out>(
  policy: string,
  mode: ModeName,
  wrap: (mode: ModeName) => Policy<In, Out>,
  state: () => unknown = () => null,
): Layer<In, Out>[] => (mode === 'off' ? [] : [{ policy, mode, wrap: wrap(mode), state }])

/** Its mode is what is in force when somebody looks: an operator may change it. */
export const guarded = <In, Out>(
  policy: string,
  configured: ModeName,
  circuit: Circuit,
  wrap: () => Policy<In, Out>,
): Layer<In, Out>[] =>
  on(policy, configured, wrap).map(({ wrap }) => ({
    policy,
    get mode() {
      return circuit.mode
    },
    wrap,
    state: () => circuit.snapshot(),
  }))
