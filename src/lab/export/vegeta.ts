import type { ClientOptions, Scenario } from '../../../config/scenario/schema.ts'
import { Errands } from '../population.ts'
import { seeded } from '../random.ts'
import { rateAt } from '../rate.ts'
import type { Rate } from '../rate.ts'
import { populationOf } from '../scene.ts'
import { compile } from '../template.ts'
import type { Template } from '../template.ts'
import { usualUrl } from './k6.ts'

const alwaysWanted = 9_999_999_999_999 // a file of targets knows no time
const mostTargets = 500 // of each class: vegeta begins anew after the last

/**
 * The load as a shell script of vegeta: one attack after the other, ramps as steps of a second, with targets that are repeated.
 * What clients repeat is not in it, and users of a closed model are not.
 */
export function vegeta({ title, clients, target }: Scenario): string {
  const url = target?.url ?? usualUrl
  const attacks = Object.entries(clients).map(([name, client], index) => attack(name, client, index, url))
  return `#!/bin/sh
# ${title.replaceAll(/\s+/g, ' ')}
# Written by \`sluice lab export --vegeta\` for ${url}. Run it with: sh FILE
set -eu
folder=$(mktemp -d)
${attacks.join('\n')}
wait
vegeta report "$folder"/*.bin
rm -r "$folder"
`
}

function attack(name: string, client: ClientOptions, index: number, url: string): string {
  if (client.closed !== undefined) return `# ${name}: users of a closed model, which vegeta does not have`
  const of = populationOf(name, client)
  const pieces = piecesOf(of.rate)
  const asked = pieces.reduce((sum, { perSecond, forMs }) => sum + (perSecond * forMs) / 1_000, 0)
  const count = Math.max(1, Math.min(mostTargets, Math.ceil(asked)))
  const lines = targetsOf(client.request, new Errands({ ...of, mark: 'v' }, index, seeded(1)), url, count)
  const runs = pieces.map(({ perSecond, forMs }, i) => {
    const out = `"$folder/${name}-${String(i).padStart(4, '0')}.bin"`
    return `  vegeta attack -format=json -timeout=${client.patienceMs}ms -rate=${perSecond}/1s -duration=${forMs}ms -targets="$folder/${name}.json" > ${out}`
  })
  return `cat > "$folder/${name}.json" <<'END'\n${lines.join('\n')}\nEND\n(\n${runs.join('\n')}\n) &`
}

/** Requests as vegeta reads them: one JSON each, with the body in base64. */
function targetsOf(request: Template, errands: Errands, url: string, count: number): readonly string[] {
  const write = compile(request, 'host')
  return Array.from({ length: count }, () => {
    const [head = '', body = ''] = write(errands.draw(), alwaysWanted).split('\r\n\r\n')
    const [first = '', ...fields] = head.split('\r\n')
    const header = fields
      .map(field => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 2)] as const)
      .filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase()))
      .map(([name, text]) => [name, [text]] as const)
    const target = `${url}${first.split(' ')[1] ?? '/'}`
    const base64 = Buffer.from(body, 'latin1').toString('base64')
    return JSON.stringify({ method: request.method, url: target, header: Object.fromEntries(header), body: base64 })
  })
}

type Piece = Readonly<{ perSecond: number; forMs: number }>

/** A rate in steady pieces. */
function piecesOf(rate: Rate): readonly Piece[] {
  let begun = 0
  return rate.flatMap(({ forMs, from, to = from }): readonly Piece[] => {
    const steps = from === to ? 1 : Math.max(1, Math.round(forMs / 1_000))
    const eachMs = forMs / steps
    const at = begun
    begun += forMs
    return Array.from({ length: steps }, (_, i) => ({
      perSecond: Math.max(1, Math.round(rateAt(rate, at + (i + 0.5) * eachMs))),
      forMs: Math.round(eachMs),
    }))
  })
}
