import type { Layer } from './layer.ts'

/** A policy for people: who it is, whether it enforces, and what it knows at present. */
export type Explained = Readonly<{ policy: string; mode: string }> & Readonly<Record<string, unknown>>

/** The layers of a stack with their live state, the outermost first. */
export const explain = <In, Out>(layers: readonly Layer<In, Out>[]): readonly Explained[] =>
  layers.map(({ policy, mode, state }) => ({ policy, mode, ...(state() as object | null) }))
