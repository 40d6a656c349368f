// node bench/untouched.ts: what a route that is neither stream nor view loses in a gateway that has both on other routes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beside } from './beside.ts'
import { figure, median } from './table.ts'

const least = 0.97
const routes = `routes:
  feed: { match: GET /feed, stream: { topics: [bench.signals] } }
  state: { match: 'GET /state/:id', view: { topic: bench.state, key: path.id } }
`
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
try {
  const rates = await beside(folder, Number(process.env['ROUNDS'] ?? 5), shipped =>
    shipped.replace('routes:\n', routes),
  )
  const holds = median(rates) >= least
  console.log(`  throughput ${figure(median(rates))} (at least ${figure(least)}): ${holds ? 'holds' : 'FAILS'}`)
  if (!holds) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
