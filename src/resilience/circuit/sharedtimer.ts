import { every } from '../../clock.ts'

type SharedTimer = Readonly<{ windows: Set<() => void>; timer: Disposable }>
/** By the length of a bucket; an entry leaves with its last window. */
const rotations = new Map<number, SharedTimer>()

/** Calls `rotate` every `bucketMs` until disposed. All windows with buckets of one length share one timer. */
export function onSharedTimer(bucketMs: number, rotate: () => void): Disposable {
  const rotation = rotations.get(bucketMs) ?? started(bucketMs)
  rotation.windows.add(rotate)
  return {
    [Symbol.dispose]: () => {
      if (!rotation.windows.delete(rotate) || rotation.windows.size > 0) return
      rotation.timer[Symbol.dispose]()
      rotations.delete(bucketMs)
    },
  }
}

function started(bucketMs: number): SharedTimer {
  const windows = new Set<() => void>()
  const timer = every(bucketMs, () => {
    for (const rotate of windows) rotate()
  })
  const rotation = { windows, timer }
  rotations.set(bucketMs, rotation)
  return rotation
}

/** How many timers turn windows: for tests. */
export const sharedTimers = (): number => rotations.size
