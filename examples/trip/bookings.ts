import { refuse } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import type { Command } from '../../src/worker/index.ts'

type Trip = Readonly<{ trip: string; to: string; nights?: number; limit?: number }>
type Paid = Readonly<{ request: Trip; steps: Readonly<Record<string, Readonly<{ price?: number }>>> }>

/** What is booked, by trip; each command is done once, and what is not booked can be undone, too: a late booking may never come. */
export function bookings() {
  const booked = new Map<string, Set<string>>()
  const of = (trip: string): Set<string> => {
    const all = booked.get(trip) ?? new Set()
    booked.set(trip, all)
    return all
  }
  const isUndoing = (command: Command): boolean => command.route.endsWith('.undo')
  const booking = (what: string, priceOf: (trip: Trip) => number) => (command: Command) => {
    if (isUndoing(command)) return undo(what, command)
    const trip = command.json() as Trip
    if (trip.to === 'Atlantis') throw refuse(422, `there is no ${what} to Atlantis`)
    of(trip.trip).add(what)
    return { status: 201, body: { price: priceOf(trip), nights: (trip.nights ?? 0) > 0 } }
  }
  const undo = (what: string, command: Command) => {
    const { request } = command.json() as Paid
    of(request.trip).delete(what)
    return { status: 200, body: { undone: what } }
  }
  const pay = (command: Command) => {
    if (isUndoing(command)) return undo('payment', command)
    const { request, steps } = command.json() as Paid
    const total = Object.values(steps).reduce((sum, { price = 0 }) => sum + price, 0)
    if (request.limit !== undefined && total > request.limit)
      throw refuse(402, `${total} is more than ${request.limit}`)
    of(request.trip).add('payment')
    return { status: 201, body: { total } }
  }
  return {
    booked,
    flights: booking('flight', () => 120),
    hotels: booking('hotel', ({ nights = 0 }) => 80 * nights),
    payments: pay,
  }
}
