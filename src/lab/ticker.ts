import type { Progress } from './generator.ts'
import { runsFor } from './perform.ts'
import type { Scene } from './run.ts'

type Screen = Readonly<{ isTTY?: boolean; write: (text: string) => unknown }>
const quietSeconds = 5 // between two lines where they stay

/** Shows how a run goes: on a terminal one line that changes, elsewhere a line every five seconds. */
export function ticker(
  scene: Scene,
  screen: Screen,
): Readonly<{ progress: (progress: Progress) => void; end: () => void }> {
  const lengthMs = runsFor(scene)
  let shown = false
  return {
    progress: progress => {
      const line = lineOf(progress, scene, lengthMs)
      if (screen.isTTY === true) screen.write(`\r\u001b[K${line}`)
      else if (!shown || (progress.atMs / 1_000) % quietSeconds === 0) screen.write(`${line}\n`)
      shown = true
    },
    end: () => {
      if (shown && screen.isTTY === true) screen.write('\n')
    },
  }
}

/** The last second in a line: what was asked and answered, how long it took, what befalls just now, and what is left. */
export function lineOf({ atMs, asked, served, p99 }: Progress, { shades = [] }: Scene, lengthMs: number): string {
  const now = shades.filter(({ fromMs, toMs }) => atMs > fromMs && atMs <= toMs).map(({ label }) => label)
  const left = Math.max(0, Math.ceil((lengthMs - atMs) / 1_000))
  const took = p99 === null ? '–' : `${Math.round(p99)} ms`
  return [`${asked}/s asked`, `${served}/s answered`, `p99 ${took}`, ...now, `${left} s left`].join('  ')
}
