import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkChain } from './chain.ts'
import { checkClashes } from './clashes.ts'
import { checkCodings } from './codings.ts'
import { checkDialects } from './dialects.ts'
import { plain, read } from './document.ts'
import type { Tree } from './document.ts'
import { checkDomainReplies } from './domain.ts'
import { explain } from './explain.ts'
import { checkFallbacks } from './fallback.ts'
import { checkFaults } from './faults.ts'
import { contentsOf } from './file.ts'
import { checkGather } from './gather.ts'
import { checkIdentity } from './identity.ts'
import { inOrder } from './mistake.ts'
import type { Mistake } from './mistake.ts'
import { checkOperations } from './operations.ts'
import { override } from './overrides.ts'
import { checkProcesses } from './processes.ts'
import { checkPush } from './push.ts'
import { checkRepetition } from './repetition.ts'
import { checkQuotas } from './quotas.ts'
import { checkRoutes } from './routes.ts'
import { Config } from './schema/index.ts'
import { checkSchemas } from './schemas.ts'
import { readFiles } from './secrets.ts'
import { checkSlots } from './slots.ts'
import { checkUpstreams } from './upstreams.ts'
import { checkTenants } from './tenants.ts'
import { substituteAll } from './variables.ts'
import type { Environment } from './variables.ts'
import { view } from './view.ts'

export { format } from './mistake.ts'
export type { Mistake, Place } from './mistake.ts'
export { hidden } from './secrets.ts'

/** A configuration that holds, or everything that is wrong with it. */
export type Loaded = Readonly<
  { config: Config; mistakes: readonly [] } | { config: null; mistakes: readonly Mistake[] }
>
/**
 * `set` are settings such as `server.port=0` that go before the file; `env` is what `${NAME}` stands for. With `files: false`
 * those that the configuration names, such as passwords and certificates, may be missing.
 */
export type LoadOptions = Readonly<{ set?: readonly string[]; env?: Environment; files?: boolean }>

/** The configuration that comes with the package: beside this file, or beside `dist` once it is JavaScript. */
export const shipped: string = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? 'gateway.yaml' : '../../config/gateway.yaml', import.meta.url),
)

/** Reads and checks a configuration file. Never throws. */
export function load(file: string, options: LoadOptions = {}): Loaded {
  const { text, trouble } = contentsOf(file)
  if (trouble !== null) return { config: null, mistakes: [{ place: { file }, path: [], message: trouble }] }
  return parse(text, file, options)
}

/** Checks the text of a configuration file. Never throws. */
export function parse(
  source: string,
  file: string,
  { set = [], env = process.env, files = true }: LoadOptions = {},
): Loaded {
  const mistakes: Mistake[] = []
  const document = read(source, file, mistakes)
  if (document === null) return { config: null, mistakes: inOrder(mistakes) }
  return settle(override(document, set, mistakes), { source, file, env, files }, mistakes)
}

type Origin = Readonly<{ source: string; file: string; env: Environment; files?: boolean }>

/** Checks a document that has been read, perhaps from within another; `before` is what is wrong with it already. */
export function settle(
  document: Tree,
  { source, file, env, files = true }: Origin,
  before: readonly Mistake[] = [],
): Loaded {
  const mistakes = [...before]
  const settled = substituteAll(document, env, source, mistakes)
  const tree = readFiles(settled, dirname(file), files ? mistakes : [])
  const { success, data, error } = Config.safeParse(plain(tree))
  if (!success) mistakes.push(...explain(error.issues, tree))
  check(tree, mistakes)
  return success && mistakes.length === 0
    ? { config: data, mistakes: [] }
    : { config: null, mistakes: inOrder(mistakes) }
}

function check(tree: Tree, mistakes: Mistake[]): void {
  const seen = view(tree, [...mistakes], mistakes)
  checkRoutes(seen)
  checkFallbacks(seen)
  checkChain(seen)
  checkQuotas(seen)
  checkClashes(seen)
  checkCodings(seen)
  checkDialects(seen)
  checkDomainReplies(seen)
  checkGather(seen)
  checkProcesses(seen)
  checkRepetition(seen)
  checkSlots(seen)
  checkOperations(seen)
  checkPush(seen)
  checkFaults(seen)
  checkIdentity(seen)
  checkTenants(seen)
  checkSchemas(seen)
  checkUpstreams(seen)
}
