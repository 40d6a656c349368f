import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { format } from '../../../config/mistake.ts'
import { faultNames, loadScenario, parseScenario } from '../../../config/scenario/load.ts'

const clients = 'clients: { a: { load: [{ forMs: 1000, perSecond: 10 }] } }'
const told = (yaml: string): string => format(parseScenario(`title: t\n${yaml}`, 's.yaml', { env: {} }).mistakes)

test('a scenario of a title and a load holds, and has a default for all else', () => {
  const { scenario, mistakes } = parseScenario(`title: t\n${clients}`, 's.yaml')
  deepEqual(mistakes, [])
  equal(scenario?.broker, 'embedded')
  deepEqual([scenario?.workers.members, scenario?.clients['a']?.request.path], [2, '/orders'])
})

test('ten mistakes are ten errors at their places, those in the options of the gateway and between options too', () => {
  const file = 'test/config/scenario/ten-mistakes.yaml'
  const lines = format(loadScenario(file).mistakes).split('\n')
  deepEqual(
    lines.map(line => line.replace(`${file}:`, '').replace(/: .*/, '')),
    [
      '2:9  broker',
      '4:36  gateway.workers.orders.bulkhead.slotz',
      '8:18  clients.shoppers.load.0.forMs',
      '9:9  clients.shoppers.load.1',
      '10:17  clients.shoppers.patienceMs',
      '12:12  workers.members',
      '13:11  workers.spread',
      '15:5  faults.0',
      '15:44  faults.0.extra',
      '17:14  objectives.0.p99Ms',
    ],
  )
})

test('a fault is just one thing, of a worker that there is', () => {
  match(
    told(`${clients}\nfaults: [{ atMs: 1 }]`),
    /3:\d+ {2}faults\.0: found none, expected just one of workers, freeze/,
  )
  match(told(`${clients}\nfaults: [{ atMs: 1, kill: 2 }]`), /kill: found 2, but there are only 2 workers/)
  match(told(`${clients}\nfaults: [{ atMs: 1, network: { between: broker } }]`), /only with `broker: kafka`/)
})

test('objectives speak of what there is, and ask for something', () => {
  match(
    told(`${clients}\nobjectives: [{ during: slow, p99Ms: 1 }]`),
    /during: names no phase and no fault, there is none/,
  )
  match(told(`${clients}\nobjectives: [{ of: b, p99Ms: 1 }]`), /of: names no clients, did you mean `a`\?/)
  match(told(`${clients}\nobjectives: [{}]`), /asks for nothing/)
  match(told(`${clients}\nobjectives: [{ recoverMs: 1 }]`), /expected a fault to be noticed or over/)
  equal(told(`${clients}\nfaults: [{ atMs: 1, broker: down }]\nobjectives: [{ during: broker, recoverMs: 1 }]`), '')
})

test('the options of variants are checked at their places too', () => {
  match(
    told(`${clients}\nvariants:\n  calm: { workers: { orders: { bulkhed: {} } } }`),
    /4:32 {2}variants\.calm\.workers\.orders\.bulkhed: unknown/,
  )
})

test('a target bounds what all clients together may ask, what they repeat included', () => {
  const target = 'target: { url: "http://127.0.0.1:1", maxPerSecond: 50, maxForMs: 1000 }'
  equal(told(`${clients}\n${target}`), '')
  const retry = 'clients: { a: { load: [{ forMs: 900, perSecond: 20 }], retry: { attempts: 3 } } }'
  match(told(`${retry}\n${target}`), /clients\.a: asks for up to 60 a second/)
  match(told(`clients: { a: { load: [{ forMs: 1001, perSecond: 1 }] } }\n${target}`), /lasts longer than/)
  match(told(`clients: { a: { closed: { users: 1, thinkMs: 10, forMs: 10 } } }\n${target}`), /up to 100 a second/)
  match(told(`${clients}\n${target}\nfaults: [{ atMs: 1, broker: down }]`), /cannot be done to a target/)
})

test('faults are called what they say, or by their kind, and never the same', () => {
  const { scenario } = parseScenario(
    `title: t\n${clients}\nfaults: [{ atMs: 1, broker: down }, { atMs: 2, name: x, freeze: all }, { atMs: 3, broker: pause }]`,
    's.yaml',
  )
  deepEqual(faultNames(scenario?.faults ?? []), ['broker', 'x', 'broker-2'])
})
