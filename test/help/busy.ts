/** Keeps the event loop busy, by the clock that runs. */
export function busyFor(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
