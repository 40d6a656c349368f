import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { watchdog } from '../../tools/kafka/watchdog.ts'

/** A program in another process; disposing kills it, and so does the end of this process. */
export interface Child extends AsyncDisposable {
  readonly pid: number
  /** The latest that it has printed. */
  readonly printed: string
}

export type Command = Readonly<{
  command: readonly string[]
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** What it prints once it is ready. */
  ready: RegExp
}>

const longestMs = 90_000 // a Java machine on a busy machine

/** Starts a program and resolves once it is ready. Throws with what it printed when it ends before, or takes too long. */
export async function startChild({ command: [program = '', ...args], cwd, env = {}, ready }: Command): Promise<Child> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const dog = watchdog(null)
  dog.watch(child.pid === undefined ? [] : [child.pid])
  let printed = ''
  const isReady = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', line => {
      printed = `${printed}${line}\n`.slice(-65_536)
      if (ready.test(line)) isReady.resolve()
    })
  child.once('error', isReady.reject)
  child.once('exit', () => dog.watch([]))
  child.once('exit', () => isReady.reject(new Error(`It ended:\n${printed}`)))
  const end = async (): Promise<void> => {
    isReady.promise.catch(() => {})
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
    await dog.bite()
  }
  const late = setTimeout(
    () => isReady.reject(new Error(`It did not get ready in ${longestMs} ms:\n${printed}`)),
    longestMs,
  )
  try {
    await isReady.promise
  } catch (error) {
    await end()
    throw error
  } finally {
    clearTimeout(late)
  }
  return {
    pid: child.pid!,
    get printed() {
      return printed
    },
    [Symbol.asyncDispose]: end,
  }
}
