import { count, figure, none, note } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { now, sleep, until } from '../faults/time.ts'
import type { Scope } from '../help/scope.ts'
import { accepted } from './clients.ts'
import type { Attempt } from './clients.ts'
import { smallDisk } from './disk.ts'
import { Phoenix } from './gateway.ts'
import { Scene } from './scene.ts'
import { statuses } from './statuses.ts'

export type DiskOptions = Readonly<{ perSecond: number; mib: number; fullMs: number }>

const filler = 'x'.repeat(2_000)
const leftKib = 600

/**
 * F11: the brokers are away and the disk of the spool gets full, a small one of its own; the log goes to /dev/full all the time.
 * The gateway is killed -9 while nothing fits, started again when the disk has room, and once on a disk that is read-only.
 */
export async function fullDisk(
  t: Scope,
  cluster: KafkaCluster,
  { perSecond, mib, fullMs }: DiskOptions,
): Promise<readonly Figure[]> {
  const disk = smallDisk(t, mib)
  if (disk === null) return [note('not played', 'a small disk cannot be mounted: run it as root')]
  let gateway: Phoenix | null = null
  const place = (): string | null => gateway?.url ?? null
  const asking = { perSecond, orders: false, place, filler }
  const scene = await Scene.open(t, cluster, 'f11', asking, async ({ path, names }) => {
    const spool = `${disk.path}/spool`
    gateway = await Phoenix.start(t, { folder: path, brokers: cluster.brokers, names, spool, log: '/dev/full' })
    return [gateway]
  })
  const [phoenix] = scene.gateways
  const [node] = cluster.nodes
  if (phoenix === undefined || node === undefined) throw new Error('There is no gateway, or no broker.')
  const since = (from: number, is: (attempt: Attempt) => boolean): boolean =>
    scene.clients.attempts.some(attempt => attempt.begun >= from && is(attempt))
  const broken = ({ code }: Attempt): boolean => code === 'spool-unavailable'

  scene.clients.start()
  await sleep(2_000)
  await node.kill9()
  disk.fill(leftKib)
  await until('the disk to be full', 60_000, () => since(0, broken))
  const full = now()
  await sleep(fullMs)
  const whileFull = scene.clients.attempts.filter(({ begun }) => begun >= full)
  await phoenix.end('SIGKILL')
  phoenix.again()
  await sleep(3_000)
  const startsFull =
    phoenix.run.code === null ? 'it runs' : `it ends with ${phoenix.run.code}: ${phoenix.run.err.trim()}`
  disk.free()
  const roomy = now()
  if (phoenix.run.code !== null) phoenix.again()
  await until('facts to be accepted on disk again', 30_000, () => since(roomy, ({ spooled }) => spooled))
  const healed = now() - roomy

  await phoenix.end('SIGKILL')
  disk.readOnly(true)
  phoenix.again()
  await sleep(3_000)
  const readOnly = now()
  const { code, err } = phoenix.run
  disk.readOnly(false)
  const lied = scene.clients.attempts.filter(
    ({ begun, spooled }) => spooled && begun > readOnly - 2_000 && begun < readOnly,
  )
  if (phoenix.run.code !== null) phoenix.again()
  const writable = now()
  await until('facts to be accepted on disk again', 30_000, () => since(writable, ({ spooled }) => spooled))
  await node.restart()
  await phoenix.ready(30_000)
  await sleep(3_000)
  const { figures } = await scene.settle()
  const unkept = whileFull
    .filter(attempt => !accepted(attempt) && attempt.outcome !== 'not-sent')
    .map(({ id, code: why }) => `${id}: ${why}`)
  return [
    note('disk of the spool', `${mib} MiB, log to /dev/full`),
    none('while it is full: refused, and not as `not-sent`', '0', whileFull.length, unkept),
    statuses('while it is full', whileFull),
    note('started on the full disk', startsFull),
    figure('room again: accepts on disk', 'by itself', `after ${count(Math.round(healed))} ms`, true),
    note('started on a read-only disk', code === null ? 'it runs' : `it ends with ${code}: ${err.trim()}`),
    none(
      'read-only: accepted on disk',
      '0',
      1,
      lied.map(({ id }) => id),
    ),
    ...figures,
    statuses('answers', scene.clients.attempts),
  ]
}
