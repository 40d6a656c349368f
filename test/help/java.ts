import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { classPath, fetchJars, java } from '../../tools/kafka/java.ts'
import { watchdog } from '../../tools/kafka/watchdog.ts'

const root = join(import.meta.dirname, '..', '..')

/** A worker in another process; disposing kills it. */
export interface JavaWorker extends AsyncDisposable {
  readonly pid: number
  /** What it has printed so far. */
  readonly printed: string
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
export type WorkerOptions = Readonly<{ brokers: string; topic?: string; group?: string }>

/** Starts examples/java-plain; resolves when it has joined its group. Throws with what it printed when it ends before. */
export async function startJavaWorker(
  options: WorkerOptions & { readonly compression?: Compression },
): Promise<JavaWorker> {
  const { brokers, topic = 'orders.commands', group = 'orders', compression = 'none' } = options
  await fetchJars(line => console.error(line))
  const quiet = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-Xmx256m', '-XX:TieredStopAtLevel=1']
  const source = join(root, 'examples', 'java-plain', 'OrdersWorker.java')
  return joined([...quiet, '-cp', classPath, source, brokers, topic, compression, group], /^joined/m)
}

/** Builds examples/spring when it has changed, starts it, and resolves when it has joined its group. Throws as above. */
export async function startSpringWorker({
  brokers,
  topic = 'orders.commands',
  group = 'orders',
}: WorkerOptions): Promise<JavaWorker> {
  const jar = await springJar()
  const environment = { KAFKA_BROKERS: brokers, ORDERS_TOPIC: topic, ORDERS_GROUP: group }
  return joined(['-Xmx256m', '-XX:TieredStopAtLevel=1', '-jar', jar], /partitions assigned/, environment)
}

async function springJar(): Promise<string> {
  const folder = join(root, 'examples', 'spring')
  const jar = join(folder, 'target', 'orders-1.jar')
  const sources = [join(folder, 'pom.xml'), ...globSync(join(folder, 'src/main/**/*.{java,yaml}'))]
  const built = existsSync(jar) ? statSync(jar).mtimeMs : 0
  if (sources.every(source => statSync(source).mtimeMs < built)) return jar
  console.error('Building the Spring worker …')
  const maven = spawn('mvn', ['-q', '-B', '-Dstyle.color=never', '-f', folder, 'package'], { stdio: ['ignore', 2, 2] })
  const [status] = (await once(maven, 'exit')) as [number | null]
  if (status !== 0) throw new Error('Maven could not build examples/spring: see above.')
  return jar
}

/** Starts Java and resolves once it prints what `ready` matches. */
async function joined(
  args: readonly string[],
  ready: RegExp,
  environment: NodeJS.ProcessEnv = {},
): Promise<JavaWorker> {
  const child = spawn(java, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } })
  const dog = watchdog(null)
  dog.watch(child.pid === undefined ? [] : [child.pid])
  let printed = ''
  const isReady = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', line => {
      printed = `${printed}${line}\n`.slice(-65_536)
      if (ready.test(line)) isReady.resolve()
    })
  child.once('exit', () => dog.watch([]))
  child.once('exit', () => isReady.reject(new Error(`The worker ended:\n${printed}`)))
  const end = async (): Promise<void> => {
    isReady.promise.catch(() => {})
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
    await dog.bite()
  }
  try {
    await isReady.promise
  } catch (error) {
    await end()
    throw error
  }
  return {
    pid: child.pid!,
    get printed() {
      return printed
    },
    [Symbol.asyncDispose]: end,
  }
}
