// What an account is: the events that add up to it, and what may be decided against it.
import { refuse } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import type { Answer, Command, Context, Definition, Event, Happened, Projection } from '../../src/worker/index.ts'

export type Account = Readonly<{ balance: number; bookings: number }>

export const accounts: Definition<Account> = {
  init: () => ({ balance: 0, bookings: 0 }),
  apply: ({ balance, bookings }, { type, data }: Happened) => {
    const { amount } = data as { amount: number }
    if (type === 'deposited') return { balance: balance + amount, bookings: bookings + 1 }
    if (type === 'withdrawn') return { balance: balance - amount, bookings: bookings + 1 }
    return { balance, bookings }
  },
}

const deciding: Readonly<Record<string, (amount: number) => (account: Account) => readonly Event[]>> = {
  deposit: amount => () => [{ type: 'deposited', data: { amount } }],
  withdraw:
    amount =>
    ({ balance }) => {
      if (balance < amount) throw refuse(409, `The balance is ${balance}.`)
      return [{ type: 'withdrawn', data: { amount } }]
    },
}

/** Answers the commands and queries of accounts from a projection. */
export const serveAccounts =
  (projection: Projection<Account>) =>
  async (command: Command, context: Context): Promise<Answer> => {
    const { account = '' } = command.params
    if (command.route === 'balance') {
      await projection.reach(command.position, context) // what its client has seen already
      const state = projection.get(account)
      if (state === undefined) throw refuse(404, `There is no account ${account}.`)
      return { body: { account, ...state } }
    }
    const { amount } = command.json() as { amount?: unknown }
    if (typeof amount !== 'number' || !(amount > 0)) throw refuse(422, 'amount: a number above 0.')
    const decide = deciding[command.route]
    if (decide === undefined) throw refuse(404, `Nobody does ${command.route}.`)
    const { state } = await projection.decide(account, decide(amount), { id: command.id, signal: context.signal })
    return { status: 201, body: { account, ...state } }
  }
