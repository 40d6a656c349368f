// The load generator, a process of its own: raw sockets, requests built beforehand, a parser that knows just enough of HTTP.
// Started by main.ts with a task as its argument; tells the parent when measuring begins and ends, as the parent reads the
// CPU clocks of the other processes at these moments.
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { Histogram } from './histogram.ts'

export type Task = Readonly<{
  port: number
  connections: number
  warmMs: number
  measureMs: number
  /** Requests a second, whatever comes back (open loop); without it each connection sends when it has its answer. */
  rate?: number
  path?: string // default: /orders
  status?: number // of a good answer, default: 201; any other than that needs not tell the order
}>
export type Measured = Readonly<{
  answered: number // 201 with the order that was sent, or the status of the task
  sent: number // from the first of the warm-up to the last
  refused: Readonly<Record<string, number>> // other statuses
  errors: number // connections lost, answers that never came
  crossed: number // answers with somebody else's order
  seconds: number
  p50: number
  p99: number
  p999: number
  max: number
  cpuUs: number // of this process, per answer
  cpuShare: number // of a core
}>
export type Told = Readonly<{ kind: 'ready' | 'begin' | 'end' }> | Readonly<{ kind: 'load'; measured: Measured }>

const digits = 10
const head = 'o-'
const now = (): number => performance.now() * 1_000 // microseconds

/** What was counted in one window. */
class Count {
  readonly latency = new Histogram()
  readonly refused: Record<string, number> = {}
  errors = 0
  crossed = 0
}

let sequence = (Math.floor(Math.random() * 90) + 10) * 1e8 // two runs never send the same order
const inbox = Buffer.allocUnsafe(65_536) // one for all: it is read before the next socket gets its turn

/** One keep-alive connection with at most one request on its way. `done` is called with the status, 0 for a lost connection. */
class Connection {
  readonly #port: number
  readonly #done: (connection: Connection, status: number, crossed: boolean) => void
  readonly #request: Buffer
  readonly #at: number
  #socket: Socket | undefined
  #text = ''
  #id = ''
  busy = false
  intended = 0

  constructor(
    { port, path = '/orders' }: Task,
    done: (connection: Connection, status: number, crossed: boolean) => void,
  ) {
    this.#port = port
    this.#done = done
    const body = `{"orderId":"${head}${'0'.repeat(digits)}","amount":42}`
    this.#request = Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    )
    this.#at = this.#request.indexOf(head + '0') + head.length
  }

  send(intended: number): void {
    this.intended = intended
    this.busy = true
    let rest = ++sequence
    this.#id = `${head}${rest}`
    for (let at = this.#at + digits - 1; at >= this.#at; at--) {
      this.#request[at] = 48 + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    this.#text = ''
    this.#socket ??= this.#open()
    this.#socket.write(this.#request)
  }

  close(): void {
    this.busy = false
    this.#socket?.destroy()
  }

  #open(): Socket {
    const onread = { buffer: inbox, callback: (size: number) => this.#read(size) }
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true, onread })
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      this.#socket = undefined
      if (this.busy) this.#finish(0, false)
    })
    return socket
  }

  #read(size: number): boolean {
    const text = this.#text + inbox.toString('latin1', 0, size)
    const end = text.indexOf('\r\n\r\n')
    const length = end === -1 ? null : /\r\ncontent-length: *(\d+)/i.exec(text)
    if (end !== -1 && length === null) throw new Error(`An answer without a length:\n${text}`)
    if (length === null || text.length < end + 4 + Number(length[1])) {
      this.#text = text
      return true
    }
    const status = Number(text.slice(9, 12))
    this.#finish(status, status === 201 && !text.includes(this.#id, end))
    return true
  }

  #finish(status: number, crossed: boolean): void {
    this.busy = false
    this.#done(this, status, crossed)
  }
}

async function run(task: Task, tell: (told: Told) => void): Promise<Measured> {
  const open = task.rate !== undefined
  const good = task.status ?? 201
  let count = new Count()
  let from = Number.NEGATIVE_INFINITY // open loop: what was due earlier belongs to the warm-up
  let running = true
  let sent = 0
  const free: Connection[] = [] // open loop: a ring, so that no connection rests until the server closes it
  const due: number[] = [] // open loop: intended times that found no connection free
  const send = (connection: Connection, intended: number): void => {
    sent++
    connection.send(intended)
  }
  const done = (connection: Connection, status: number, crossed: boolean): void => {
    const at = now()
    if (connection.intended >= from) {
      if (crossed) count.crossed++
      if (status === good) count.latency.record(at - connection.intended)
      else if (status === 0) count.errors++
      else count.refused[status] = (count.refused[status] ?? 0) + 1
    }
    if (open) {
      const intended = due.shift()
      if (intended === undefined) free.push(connection)
      else send(connection, intended)
    } else if (!running) return
    else if (status === 0) setTimeout(() => send(connection, now()), 10)
    else send(connection, at)
  }
  const connections = Array.from({ length: task.connections }, () => new Connection(task, done))
  const busy = (): number => connections.reduce((sum, each) => sum + Number(each.busy), 0)

  let arrivals: NodeJS.Timeout | undefined
  if (task.rate === undefined) for (const connection of connections) send(connection, now())
  else {
    free.push(...connections)
    const gap = 1e6 / task.rate
    let next = now()
    arrivals = setInterval(() => {
      for (const at = now(); next <= at; next += gap) {
        const connection = free.shift()
        if (connection === undefined) due.push(next)
        else send(connection, next)
      }
    }, 1)
  }

  await pass(task.warmMs)
  const measured = new Count()
  count = measured
  const start = now()
  if (open) from = start
  const cpu = process.cpuUsage()
  tell({ kind: 'begin' })
  await pass(task.measureMs)
  tell({ kind: 'end' })
  const used = process.cpuUsage(cpu)
  const seconds = (now() - start) / 1e6
  running = false
  clearInterval(arrivals)
  if (!open) count = new Count() // what ends later belongs to no window
  // an open loop's arrival counts however late its answer is: none may hide behind the end
  for (let waited = 0; waited < (open ? 6_000 : 1_000) && busy() > 0; waited += 50) await pass(50)
  if (open) measured.errors += due.length + busy()
  for (const connection of connections) connection.close()

  const cpuUs = used.user + used.system
  const { latency, refused, errors, crossed } = measured
  return {
    answered: latency.total,
    sent,
    refused,
    errors,
    crossed,
    seconds,
    p50: latency.percentileMs(50),
    p99: latency.percentileMs(99),
    p999: latency.percentileMs(99.9),
    max: latency.maxMs,
    cpuUs: cpuUs / latency.total,
    cpuShare: cpuUs / 1e6 / seconds,
  }
}

const pass = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

const task = process.argv[2]
if (task === undefined) throw new Error('Started by main.ts: node bench/load.ts \'{"port":8080,"connections":1,...}\'')
const tell = (told: Told): void => {
  if (process.send !== undefined) process.send(told)
  else if (told.kind === 'load') console.log(told.measured)
}
tell({ kind: 'load', measured: await run(JSON.parse(task) as Task, tell) })
process.disconnect?.()
