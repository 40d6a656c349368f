import type { Command } from 'commander'
import { screenOf } from './screen.ts'
import type { Told } from './screen.ts'
import type { Terminal } from './spool.ts'

const usual = 'http://127.0.0.1:9090'
const wide = { columns: 200, rows: 1_000 } // for a pipe
const clear = '\u001B[H\u001B[2J'

/** `sluice top`: a running gateway in the terminal, told what its console is told. `q` ends it. */
export function topCommand(program: Command, { fail }: Pick<Terminal, 'fail'>): void {
  program
    .command('top')
    .description('show a running gateway live: traffic, workers, routes, waiting calls, refusals')
    .option('--admin <url>', 'its admin port', usual)
    .option('--once', 'print it once, and end', false)
    .action(async ({ admin, once }: Readonly<{ admin: string; once: boolean }>) => {
      const leave = new AbortController()
      const end = keys(() => leave.abort())
      try {
        await follow(new URL('/console/live', admin), leave.signal, told => {
          show(told, once)
          if (once && told.moment !== null) leave.abort()
        })
      } catch (error) {
        if (!leave.signal.aborted) fail(`${admin} does not tell: ${reasonOf(error)} See admin.console and --admin.`)
      } finally {
        end()
      }
    })
}

function show(told: Told, once: boolean): void {
  const { stdout } = process
  if (once && told.moment === null) return // of traffic nothing is known before a second has passed
  const size = stdout.isTTY && !once ? { columns: stdout.columns, rows: stdout.rows - 1 } : wide
  stdout.write(`${stdout.isTTY && !once ? clear : ''}${screenOf(told, size).join('\n')}\n`)
}

/** Calls `tell` with all that is known, whenever something has changed. Rejects when the gateway is not there, or leaves. */
async function follow(url: URL, signal: AbortSignal, tell: (told: Told) => void): Promise<void> {
  const { status, body } = await fetch(url, { signal })
  if (status !== 200 || body === null) throw new Error(`It answers ${status}.`)
  const told: Told = {}
  let text = ''
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1]
      text = text.slice(end + 2)
      if (data !== undefined) tell(Object.assign(told, JSON.parse(data)))
    }
  }
  throw new Error('The gateway has left.')
}

/** Listens to `q` and Ctrl-C; call what it returns to give the terminal back. */
function keys(leave: () => void): () => void {
  const { stdin } = process
  process.once('SIGINT', leave)
  if (!stdin.isTTY) return () => process.off('SIGINT', leave)
  const onKey = (key: Buffer): void => {
    if (['q', '\u0003'].includes(key.toString())) leave()
  }
  stdin.setRawMode(true)
  stdin.on('data', onKey)
  return () => {
    process.off('SIGINT', leave)
    stdin.off('data', onKey)
    stdin.setRawMode(false)
    stdin.pause()
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${(cause as NodeJS.ErrnoException).code ?? cause.message}.` : error.message
}
