import type { Call, Reply, Service } from '../call.ts'
import type { Struck } from '../fault.ts'
import type { Acknowledged, Incoming, Outgoing } from './broker.ts'
import type { Correlator, Waiter } from './correlate.ts'
import type { Replies } from './request.ts'

/** What the core of a route needs: publishing, publishing again, and the replies. */
export type Far = Readonly<{
  publish: Service<Outgoing, Acknowledged>
  again: Service<Outgoing, Acknowledged>
  replies: Replies & Pick<Correlator, 'settle'>
}>

/** A core with places for faults. It is built anew for each call that a fault may strike, which is rare, so that other calls pay nothing. */
export function injectable(far: Far, build: (far: Far) => Service<Call, Reply>): Service<Call, Reply> {
  const core = build(far)
  return call => (call.struck === undefined ? core(call) : build(faulty(far, call.struck))(call))
}

const faulty = ({ publish, again, replies }: Far, struck: Struck): Far => ({
  publish: record => publish({ ...record, struck }),
  again: record => again({ ...record, struck }),
  replies: {
    expect: (waiter, call) => {
      befall(waiter, replies, struck)
      replies.expect(waiter, call)
    },
    renew: waiter => replies.renew(waiter),
    forget: waiter => replies.forget(waiter),
    sent: waiter => replies.sent?.(waiter),
    settle: (id, reply) => replies.settle(id, reply),
  },
})

/** From now on the waiter gets its replies through the faults. It still waits for a reply that is lost or delayed. */
function befall(waiter: Waiter, replies: Far['replies'], struck: Struck): void {
  const take = waiter.take.bind(waiter)
  let doubled = false // without it a duplicate would be duplicated again
  const arrive = (record: Incoming): void => {
    const twin = !doubled && struck.strike('duplicate-reply') !== null
    take(struck.strike('garbled-reply') === null ? record : garbled(record))
    if (!twin) return
    doubled = true
    replies.settle(waiter.id, record)
  }
  waiter.take = record => {
    if (struck.strike('lost-reply') !== null) return replies.renew(waiter)
    const delay = struck.strike('delay')
    if (delay === null) return arrive(record)
    replies.renew(waiter)
    struck.hold(delay.value, () => {
      replies.forget(waiter)
      arrive(record)
    })
  }
}

const garbled = (record: Incoming): Incoming => ({
  ...record,
  headers: [...record.headers, ['sluice-status', Buffer.from('garbled')]],
})
