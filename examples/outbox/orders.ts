import { randomUUID } from 'node:crypto'

export type Order = Readonly<{ orderId: string; amount: number }>
/** A row of the outbox table, with the columns that Debezium's outbox event router expects. */
export type Row = Readonly<{ id: string; aggregatetype: string; aggregateid: string; type: string; payload: string }>

/** Decides about an order, and says so in a row that a database would write in the transaction of the order itself. */
export function place(order: Order): Row {
  const isTooMuch = order.amount > 1_000
  return {
    id: randomUUID(),
    aggregatetype: 'order',
    aggregateid: order.orderId,
    type: isTooMuch ? 'OrderRejected' : 'OrderPlaced',
    payload: JSON.stringify(isTooMuch ? { ...order, why: 'more than 1000' } : order),
  }
}

/** The record that the router makes of a row: its key in quotes, its payload as JSON text in a JSON string. */
export const routed = ({ id, aggregatetype, aggregateid, type, payload }: Row) => ({
  topic: `outbox.event.${aggregatetype}`,
  key: JSON.stringify(aggregateid),
  value: JSON.stringify(payload),
  headers: { id, eventType: type },
})
