import { spawn } from 'node:child_process'
import type { Header, Headers } from '../../src/bridge/broker.ts'
import { createInterface } from 'node:readline'
import { watchdog } from '../../tools/kafka/watchdog.ts'
import type { Format } from '../help/schemas.ts'

export type Mode = 'payload' | 'headers'
export type Written = Readonly<{ value: Uint8Array; headers: Headers }>

/** A program that writes and reads values by somebody's serializers, asked over a pipe, a line each. */
export interface Peer extends AsyncDisposable {
  write: (format: Format, mode: Mode, topic: string, json: string) => Promise<Written>
  read: (format: Format, mode: Mode, topic: string, written: Written) => Promise<string>
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Starts one; each of its answers begins with `ok`, or is why not. */
export async function startPeer([program = '', ...args]: readonly string[], cwd: string): Promise<Peer> {
  const child = spawn(program, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] })
  const dog = watchdog(null)
  dog.watch(child.pid === undefined ? [] : [child.pid])
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<string> =>
    ((await lines.next()) as IteratorResult<string, string>).value ?? 'it has ended'
  while ((await next()) !== 'ready') if (child.exitCode !== null) throw new Error(`${program} ended.`)
  const asked = async (line: string): Promise<string> => {
    child.stdin.write(`${line}\n`)
    const answer = await next()
    if (!answer.startsWith('ok ')) throw new Error(answer.slice(0, 500))
    return answer.slice(3)
  }
  return {
    write: async (format, mode, topic, json) => {
      const [value = '', ...headers] = (await asked(`write ${format} ${mode} ${topic} ${json}`)).split(' ')
      const pairs = headers.map((one): Header => [one.split('=')[0] ?? '', Buffer.from(one.split('=')[1] ?? '', 'hex')])
      return { value: Buffer.from(value, 'hex'), headers: pairs }
    },
    read: async (format, mode, topic, { value, headers }) =>
      await asked(
        `read ${format} ${mode} ${topic} ${hex(value)} ${headers.map(([name, said]) => `${name}=${hex(said)}`).join(' ')}`,
      ),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end()
      await dog.bite()
    },
  }
}
