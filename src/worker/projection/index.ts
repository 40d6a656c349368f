import { connect } from '../connect.ts'
import type { Connection } from '../connect.ts'
import type { Broker } from '../../bridge/broker.ts'
import { Projection } from './projection.ts'
import type { ProjectionOptions } from './projection.ts'

export type { Decide, Decided, DecideOptions, Projection, ProjectionOptions } from './projection.ts'
export type { Event, Happened } from './record.ts'
export type { Definition } from './states.ts'

export type ProjectOptions<State> = ProjectionOptions<State> &
  (Connection | Readonly<{ broker: Broker }>) &
  Readonly<{
    /** A SQLite file for the states, which must be JSON: a restart reads only what came since. Default: none, it replays all. */
    snapshot?: string
    /** Names the code of `init` and `apply`: with another one a snapshot is not used. */
    revision?: string
  }>

/**
 * What a topic of events adds up to: replays it to the state of each key, and goes on with what comes. Resolves once it has caught up;
 * throws when the topic does not exist or lacks what is to be replayed.
 */
export async function project<State>(topic: string, options: ProjectOptions<State>): Promise<Projection<State>> {
  await using held = new AsyncDisposableStack()
  const broker = 'broker' in options ? options.broker : held.use(await connect(options))
  if (!('broker' in options)) broker.start([topic])
  const { snapshot: file, revision = '' } = options
  const { Snapshot } = file === undefined ? { Snapshot: null } : await import('./snapshot.ts') // not loaded where it is not used
  const snapshot = Snapshot === null || file === undefined ? null : new Snapshot<State>(file, topic, revision)
  const projection = await Projection.open(topic, broker, options, snapshot)
  projection.owns(held.move())
  return projection
}
