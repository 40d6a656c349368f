import { colours } from '../../src/lab/panel.ts'
import type { Picture } from '../../src/lab/panel.ts'
import { failing, note, table } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { startKafka } from '../../tools/kafka/cluster.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { frozen } from '../faults/frozen.ts'
import { killed } from '../faults/killed.ts'
import type { Scope } from '../help/scope.ts'
import { accepted } from './clients.ts'
import type { Attempt } from './clients.ts'
import { crashes } from './crashes.ts'
import type { Told } from './crashes.ts'
import { fullDisk } from './fulldisk.ts'
import { rolling } from './rolling.ts'

/** Plays with a broker of its own, which it may harm. */
export async function staged<T>(play: (t: Scope, cluster: KafkaCluster) => Promise<T>): Promise<T> {
  await using held = new AsyncDisposableStack()
  const cluster = held.use(await startKafka())
  return await play({ after: end => held.defer(async () => await end()) }, cluster)
}

/** What was accepted is not lost: the ledger of F1, F2, F6, F7 and F11, each on a broker of its own. */
export const durability = {
  name: 'durability',
  title: 'Nothing that was accepted is lost',
  /** `faster`: so many times less of everything, for a look. */
  async prove(
    faster: number,
    say: (line: string) => void,
  ): Promise<Readonly<{ figures: readonly Figure[]; picture: Picture }>> {
    const less = (n: number): number => Math.ceil(n / faster)
    const [kills, restarts] = [less(100), less(20)]
    const fault = { perSecond: 300, warmMs: less(15_000), afterMs: 8_000 }
    const figures: Figure[] = []
    const played = (title: string, told: readonly Figure[]): void => {
      say(`${table(title, told)}\n`)
      figures.push(note(`— ${title}`, ''), ...told)
    }
    const title = `F6 gateway killed -9 ${kills} times under load, the broker too`
    const told = await staged((t, cluster) => crashes(t, cluster, { kills, perSecond: 20 }))
    played(title, told.figures)
    played(
      `F7 two instances restarted by turns, ${restarts} times`,
      await staged((t, cluster) => rolling(t, cluster, { restarts, perSecond: 20 })),
    )
    played(
      'F11 disk of the spool full, and read-only',
      await staged((t, cluster) => fullDisk(t, cluster, { perSecond: 200, mib: 24, fullMs: less(5_000) })),
    )
    played('F1 broker killed -9', await staged((_, cluster) => killed(cluster, { ...fault, downMs: 5_000 })))
    played('F2 broker stopped', await staged((_, cluster) => frozen(cluster, { ...fault, downMs: less(10_000) })))
    return { figures, picture: picture(told) }
  },
}

/** Second by second, what clients got, what waited on disk, and how often the gateway had been killed. */
export function picture({ scene, kills, figures }: Told): Picture {
  const { attempts } = scene.clients
  const length = Math.ceil((Math.max(...attempts.map(({ ended }) => ended)) - scene.begun) / 1_000)
  const perSecond = (is: (attempt: Attempt) => boolean): readonly number[] => {
    const counts = Array<number>(length).fill(0)
    for (const attempt of attempts) {
      const at = Math.min(length - 1, Math.floor((attempt.ended - scene.begun) / 1_000))
      if (is(attempt)) counts[at] = (counts[at] ?? 0) + 1
    }
    return counts
  }
  const depths = Array<number | null>(length).fill(null)
  for (const { at, depth } of scene.samples)
    depths[Math.min(length - 1, Math.floor(at / 1_000))] = Number.isNaN(depth) ? null : depth
  const killsBy = Array.from({ length }, (_, second) => kills.filter(at => at < (second + 1) * 1_000).length)
  const holds = failing(figures.filter(({ timed }) => timed !== true)).length === 0
  return {
    title: `The gateway is killed -9 ${kills.length} times, and the broker ${scene.troubles.length} times`,
    columns: [
      {
        title: 'one gateway with a spool, one broker',
        headline: holds ? 'nothing accepted is lost' : 'the ledger does not hold',
        good: holds,
        shades: scene.troubles.map(({ fromMs, toMs }) => ({ label: '', fromMs, toMs, fault: true })),
        panels: [
          {
            title: 'what clients got, per second (red: the broker is dead)',
            height: 150,
            lines: [
              {
                name: 'accepted or answered',
                colour: colours.good,
                values: perSecond(it => accepted(it) && !it.spooled),
                style: 'area',
              },
              {
                name: 'accepted on disk',
                colour: colours.first,
                values: perSecond(({ spooled }) => spooled),
                style: 'area',
              },
              { name: 'refused', colour: colours.limit, values: perSecond(it => it.status >= 300), style: 'area' },
              {
                name: 'no connection',
                colour: colours.bad,
                values: perSecond(({ status }) => status === 0),
                style: 'area',
              },
            ],
          },
          {
            title: 'events on disk that wait',
            height: 90,
            lines: [{ name: 'waiting', colour: colours.second, values: depths }],
          },
          {
            title: 'kills so far',
            height: 60,
            lines: [{ name: 'kill -9 of the gateway', colour: colours.bad, values: killsBy }],
          },
        ],
      },
    ],
  }
}
