import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/**
 * Kills the brokers and removes their data when this process ends, however it ends: after a kill -9 no handler of ours runs,
 * but the pipe closes. Each line names the processes of the moment, so that none is killed whose number is somebody else's.
 */
const script = `while read -r line; do pids=$line; done
[ -z "$pids" ] || kill -9 $pids 2>/dev/null
[ -n "$1" ] || exit 0
for _ in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf -- "$1" 2>/dev/null && exit 0
  sleep 0.1
done`

export type Watchdog = Readonly<{
  watch: (pids: readonly number[]) => void
  /** Resolves when the processes are dead and the folder is gone. */
  bite: () => Promise<void>
}>

/** `folder` is removed at the end; null keeps the data. */
export function watchdog(folder: string | null): Watchdog {
  const shell = spawn('/bin/sh', ['-c', script, 'sluice-kafka-watchdog', folder ?? ''], {
    detached: true, // out of the terminal's group: Ctrl-C must not take it first
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const pipe = shell.stdin as Socket
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  shell.once('exit', () => resolve())
  shell.once('error', () => resolve())
  pipe.on('error', () => {})
  shell.unref()
  pipe.unref()
  return {
    watch: pids => void pipe.write(`${pids.join(' ')}\n`),
    bite: () => {
      shell.ref()
      pipe.end()
      return ended
    },
  }
}
