import type { ClientOptions, Scenario } from '../../../config/scenario/schema.ts'
import type { Population } from '../population.ts'
import { populationOf } from '../scene.ts'

const loads = { http: 'k6/http', '{ sleep }': 'k6' }
const imports = Object.entries(loads)
  .map(([what, from]) => `import ${what} from '${from}'`)
  .join('\n')

export const usualUrl = 'http://127.0.0.1:8080'
/** A value of a template. */
export const value = /\{\{([a-zA-Z]+)((?: [^{}]*)?)\}\}/g

/** The load of a scenario as a script of k6, whose arrivals are evenly spaced. What clients repeat is not in it. */
export function k6({ title, clients, target }: Scenario): string {
  const scenarios = Object.entries(clients).map(
    ([name, client]) => `    ${JSON.stringify(name)}: ${executor(name, client)},`,
  )
  const functions = Object.entries(clients).map(([name, client], index) => request(name, client, index))
  return `// ${title.replaceAll(/\s+/g, ' ')}
// Written by \`sluice lab export --k6\`. Run it with: k6 run -e URL=${target?.url ?? usualUrl} FILE
${imports}

const url = __ENV.URL || ${JSON.stringify(target?.url ?? usualUrl)}
const int = (from, to) => from + Math.floor(Math.random() * (to - from + 1))
const pick = (...of) => of[Math.floor(Math.random() * of.length)]
const uuid = () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => int(0, 15).toString(16))
let seq = 0

export const options = {
  scenarios: {
${scenarios.join('\n')}
  },
}

${functions.join('\n')}`
}

function executor(name: string, client: ClientOptions): string {
  const exec = `exec: ${JSON.stringify(functionOf(name))}`
  if (client.closed !== undefined)
    return `{ executor: 'constant-vus', vus: ${client.closed.users}, duration: '${client.closed.forMs}ms', ${exec} }`
  const { rate } = populationOf(name, client)
  const peak = Math.max(1, ...rate.map(({ from, to = from }) => Math.max(from, to)))
  const stages = rate.flatMap(({ forMs, from, to = from }) => [
    `{ target: ${Math.round(from)}, duration: '0s' }`,
    `{ target: ${Math.round(to)}, duration: '${Math.round(forMs)}ms' }`,
  ])
  const vus = Math.ceil((peak * client.patienceMs) / 1_000)
  return `{ executor: 'ramping-arrival-rate', timeUnit: '1s', startRate: ${Math.round(rate[0]?.from ?? 0)}, preAllocatedVUs: ${Math.min(100, vus)}, maxVUs: ${Math.max(vus, 100)}, ${exec}, stages: [${stages.join(', ')}] }`
}

const functionOf = (name: string): string => `ask_${name.replaceAll('-', '_')}`

function request(name: string, options: ClientOptions, index: number): string {
  const { method, path, headers, body } = options.request
  const { patienceMs, closed, addresses } = options
  const filled = (text: string): string =>
    `\`${text.replaceAll(/[`\\$]/g, found => `\\${found}`).replaceAll(value, (found, what: string, args: string) => scriptOf(what, args) ?? found)}\``
  const own = Object.entries(headers).map(([header, text]) => `${JSON.stringify(header)}: ${filled(text)}`)
  const all = ["'content-type': 'application/json'", ...own, "'x-forwarded-for': client"].join(', ')
  const content = method === 'GET' || method === 'HEAD' ? 'null' : filled(body)
  return `export function ${functionOf(name)}() {
  seq++
  const patienceMs = ${patienceMs}
  const id = \`\${__VU}-\${__ITER}\`
  const key = ${keyOf(populationOf(name, options), index)}
  const client = \`10.${index}.\${int(0, ${(addresses - 1) >> 8})}.\${int(1, ${Math.min(255, addresses)})}\`
  http.request(${JSON.stringify(method)}, url + ${filled(path)}, ${content}, { headers: { ${all} }, timeout: patienceMs })
${closed === undefined ? '' : `  sleep(${closed.thinkMs / 1_000})\n`}}
`
}

function keyOf({ keys, hotPercent = 0 }: Population, index: number): string {
  const usual =
    keys === undefined
      ? 'id'
      : typeof keys === 'number'
        ? `\`${index}-k\${int(0, ${keys - 1})}\``
        : `pick(${keys.map(key => JSON.stringify(key)).join(', ')})`
  return hotPercent === 0 ? usual : `Math.random() * 100 < ${hotPercent} ? 'hot' : ${usual}`
}

function scriptOf(what: string, args: string): string | null {
  const list = args.trim().split(/ +/)
  if (['id', 'key', 'client', 'seq'].includes(what)) return `\${${what}}`
  if (what === 'uuid') return '${uuid()}'
  if (what === 'wantedUntil') return '${Date.now() + patienceMs}'
  if (what === 'int') return `\${int(${Number(list[0] ?? 0)}, ${Number(list[1] ?? 0)})}`
  return what === 'pick' ? `\${pick(${list.map(each => JSON.stringify(each)).join(', ')})}` : null
}
