/** Resolves when somebody asks this process to stop: by a signal, or by `resolve`. From then on no signal ends it by itself. */
export function stopAsked(): PromiseWithResolvers<void> {
  const asked = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => asked.resolve())
  return asked
}
