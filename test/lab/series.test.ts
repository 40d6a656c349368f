import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { parseMetrics, sum } from '../../src/lab/series.ts'

const page = `# HELP a_total Something.
# TYPE a_total counter
a_total{route="x",code="shed"} 3
a_total{route="y",code="shed"} 4
a_total{route="y",code="none"} 5
a_total_more 100
b 1.5e3
`

test('series are added up by name and labels', () => {
  const series = parseMetrics(page)
  equal(sum(series, 'a_total'), 12)
  equal(sum(series, 'a_total', { code: 'shed' }), 7)
  equal(sum(series, 'a_total', { code: 'shed', route: 'y' }), 4)
  equal(sum(series, 'b'), 1_500)
  equal(sum(series, 'c'), 0)
})
