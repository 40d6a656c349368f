import type { CommandHandler, ServeOptions, Serving } from './options.ts'
import { Server } from './server.ts'

/** Serves the commands of a topic as a member of a group. Resolves once admitted; throws what joining throws. */
export const serve = (options: ServeOptions, handler: CommandHandler): Promise<Serving> =>
  new Server(options, handler).open()
