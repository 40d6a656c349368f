import type { RouteOptions, ViewOptions } from '../../../config/schema/index.ts'
import type { Call, Reply, Service } from '../../call.ts'
import { pause } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Admin } from '../admin.ts'
import { changes } from '../cdc/index.ts'
import type { Columns } from '../cdc/index.ts'
import { tellProgress } from '../feeds/catchup.ts'
import type { Progress, Tell } from '../feeds/catchup.ts'
import type { FollowedBy } from '../feeds/index.ts'
import { list } from './list.ts'
import { one } from './one.ts'
import type { SqliteOptions, SqliteRows } from './sqlite.ts'
import { View } from './view.ts'

type Kept = Readonly<{ view: View; allowUncompacted: boolean }>

const againMs = 500

/** The views of all routes that are some: one for each topic, whoever shows it. */
export class Views implements Disposable {
  readonly #kept = new Map<string, Kept>()
  readonly #services = new Map<string, Service<Call, Reply>>()

  constructor(
    routes: Readonly<Record<string, RouteOptions>>,
    { tails, past, records, sqlite }: FollowedBy & Readonly<{ sqlite: typeof SqliteRows | null }>,
  ) {
    const all = Object.entries(routes).flatMap(([name, { view }]) =>
      view === undefined ? [] : [[name, view] as const],
    )
    for (const [topic, some] of Map.groupBy(all, ([, { topic }]) => topic)) {
      const shown = some.map(([, view]) => view)
      const indices = [...new Set(shown.flatMap(({ index }) => Object.values(index)))]
      const file = shown.find(each => each.file !== undefined)
      const cloudEvents = shown.some(({ as }) => as === 'cloudevents')
      const opened = fileOf(sqlite, file, { topic, indices, cloudEvents })
      const view = new View({
        tail: tails.of(topic),
        past,
        indices,
        read: some.map(([name]) => records(name)).find(read => read !== null) ?? null,
        changes: changesOf(shown),
        cloudEvents,
        listed: shown.some(({ key }) => key === undefined),
        memoryBytes: Math.max(...shown.map(({ memoryBytes }) => memoryBytes)),
        ...opened,
      })
      this.#kept.set(topic, { view, allowUncompacted: shown.some(({ allowUncompacted }) => allowUncompacted) })
      for (const [name, options] of some) {
        const index = Object.entries(options.index).map(
          ([parameter, pointer]) => [parameter, indices.indexOf(pointer)] as const,
        )
        this.#services.set(name, options.key === undefined ? list(view, { ...options, index }) : one(view, options))
      }
    }
  }

  /** Who answers the calls of a route. */
  serviceOf(route: string): Service<Call, Reply> | undefined {
    return this.#services.get(route)
  }

  get topics(): readonly string[] {
    return [...this.#kept.keys()]
  }

  /** Builds all of them. Resolves when each has caught up or is given up, or once the signal aborts. */
  async build(admin: Admin, tell: Tell, signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from(this.#kept.values(), kept => this.#build(kept, admin, tell, signal)))
  }

  async #build({ view, allowUncompacted }: Kept, admin: Admin, tell: Tell, signal: AbortSignal): Promise<void> {
    const { topic } = view
    const watch = new AbortController()
    const said = ({ done, of }: Progress): string =>
      `The view of ${topic} is being built: ${done} of ${of} offsets are read.`
    const watching = tellProgress({ topic, progressOf: () => view.progress, said }, tell, watch.signal)
    try {
      while (!signal.aborted && view.failure === null)
        try {
          const info = await admin.topic(topic)
          if (!allowUncompacted && info !== null && info.compacted !== true) {
            view.refuse(
              'its topic is not compacted, or its settings may not be seen (DescribeConfigs), and what retention deletes would be missing: set allowUncompacted if it may',
            )
            break
          }
          await view.build(signal)
          break
        } catch (error) {
          tell(topic, `The view of ${topic} cannot be built: ${Problem.from(error).message}`)
          await pause(againMs, signal)
        }
    } finally {
      watch.abort()
      await watching
    }
    if (!signal.aborted) tell(topic, view.failure)
  }

  [Symbol.dispose](): void {
    for (const { view } of this.#kept.values()) view[Symbol.dispose]()
  }
}

/** Routes that show the same topic agree on its format; each may name columns. */
function changesOf(shown: readonly ViewOptions[]): ReturnType<typeof changes> | null {
  if (shown.every(({ format }) => format === 'plain')) return null
  return changes(Object.assign({}, ...shown.map(({ columns }) => columns)) as Columns)
}

type Opened = Pick<ConstructorParameters<typeof View>[0], 'openFile' | 'fileExists'>

function fileOf(
  sqlite: typeof SqliteRows | null,
  options: ViewOptions | undefined,
  made: Pick<SqliteOptions, 'topic' | 'indices' | 'cloudEvents'>,
): Opened {
  const file = options?.file
  if (sqlite === null || options === undefined || file === undefined) return { openFile: null, fileExists: false }
  const openFile = (): SqliteRows => new sqlite({ file, maxBytes: options.fileBytes, ...made })
  return { openFile, fileExists: sqlite.exists(file) }
}
