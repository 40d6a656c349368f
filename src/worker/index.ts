import { connect } from './connect.ts'
import type { Connection } from './connect.ts'
import type { CommandHandler, ServeOptions, Serving, WorkerOptions } from './options.ts'
import { serve as serveOn } from './serve.ts'

export { problem, Refusal, refuse } from './answer.ts'
export type { Answer } from './answer.ts'
export type { Command } from './command.ts'
export { connect } from './connect.ts'
export type { Connection } from './connect.ts'
export { project } from './projection/index.ts'
export type {
  Decide,
  Decided,
  DecideOptions,
  Definition,
  Event,
  Happened,
  Projection,
  ProjectionOptions,
  ProjectOptions,
} from './projection/index.ts'
export type { CommandHandler, Context, Counters, Given, ServeOptions, Serving, WorkerOptions } from './options.ts'

/** Serves the commands of a topic as a member of a group, on a broker of yours or on one that it opens and closes itself. Resolves once admitted. */
export async function serve(
  options: ServeOptions | (WorkerOptions & Connection),
  handler: CommandHandler,
): Promise<Serving> {
  if ('broker' in options) return await serveOn(options, handler)
  await using held = new AsyncDisposableStack()
  const broker = held.use(await connect(options))
  const serving = held.use(await serveOn({ ...options, broker }, handler))
  return owning(serving, held.move())
}

/** The same worker, with what must be closed after it. */
function owning(serving: Serving, held: AsyncDisposableStack): Serving {
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => (closing ??= held.disposeAsync())
  return {
    counters: serving.counters,
    get running() {
      return serving.running
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
