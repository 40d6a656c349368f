import type { Call, Reply, Service } from '../../src/call.ts'

export type Taken = Readonly<{ call: Call; reply: (reply: Reply) => void; fail: (error: unknown) => void }>

/** A service under the test's control: each call waits until the test answers it. */
export function heldService(): { service: Service<Call, Reply>; taken: Taken[] } {
  const taken: Taken[] = []
  const service: Service<Call, Reply> = call => {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    call.signal.addEventListener('abort', () => reject(call.signal.reason), { once: true })
    taken.push({ call, reply: resolve, fail: reject })
    return promise
  }
  return { service, taken }
}
