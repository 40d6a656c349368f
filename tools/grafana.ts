// The dashboards for Grafana, made from the queries below: `npm run docs` writes grafana/*.json.
type Unit = 'reqps' | 's' | 'percentunit' | 'short' | 'bytes' | 'ops'
/** What one panel shows: a query for each of its lines, by legend. */
type Panel = Readonly<{
  title: string
  says: string
  unit: Unit
  queries: Readonly<Record<string, string>>
  stacked?: boolean
}>
type Row = Readonly<{ title: string; panels: readonly Panel[] }>
type Dashboard = Readonly<{ uid: string; title: string; rows: readonly Row[] }>

const here = 'instance=~"$instance"'
const rate = (metric: string, labels = ''): string =>
  `rate(${metric}{${labels === '' ? here : `${labels}, ${here}`}}[$__rate_interval])`
const quantile = (share: number, metric: string, by: string, labels = ''): string =>
  `histogram_quantile(${share}, sum by (le, ${by}) (${rate(`${metric}_bucket`, labels)}))`
const routed = 'route=~"$route"'

const traffic: Row = {
  title: 'Traffic',
  panels: [
    {
      title: 'Requests by route',
      says: 'Answered requests a second, refused ones included.',
      unit: 'reqps',
      queries: { '{{route}}': `sum by (route) (${rate('sluice_calls_total', routed)})` },
      stacked: true,
    },
    {
      title: 'Answers by status',
      says: 'The classes of the statuses.',
      unit: 'reqps',
      queries: { '{{status}}': `sum by (status) (${rate('sluice_calls_total', routed)})` },
      stacked: true,
    },
    {
      title: 'Outcomes',
      says: 'What is known of the commands: in-doubt ones may or may not run.',
      unit: 'reqps',
      queries: { '{{outcome}}': `sum by (outcome) (${rate('sluice_calls_total', routed)})` },
      stacked: true,
    },
    {
      title: 'Problems by code',
      says: 'Why clients did not get a reply: docs/problems.md says what to do.',
      unit: 'reqps',
      queries: { '{{code}}': `sum by (code) (${rate('sluice_calls_total', `code!="none", ${routed}`)})` },
      stacked: true,
    },
    {
      title: 'Latency of replies',
      says: 'From the request to its answer, of calls that a worker answered.',
      unit: 's',
      queries: {
        'p50 {{route}}': quantile(0.5, 'sluice_call_duration_seconds', 'route', `result="reply", ${routed}`),
        'p99 {{route}}': quantile(0.99, 'sluice_call_duration_seconds', 'route', `result="reply", ${routed}`),
      },
    },
    {
      title: 'Refusals by policy',
      says: 'Who refuses; those that a policy in mode observe would refuse have their own line.',
      unit: 'reqps',
      queries: {
        '{{policy}} {{code}}': `sum by (policy, code) (${rate('sluice_refusals_total', routed)})`,
        'observed {{policy}}': `sum by (policy) (${rate('sluice_observed_refusals_total', routed)})`,
      },
    },
  ],
}

const workers: Row = {
  title: 'Workers',
  panels: [
    {
      title: 'Circuits',
      says: '1 while the circuit is open, 0.5 while it probes.',
      unit: 'short',
      queries: {
        '{{circuit}}': `max by (circuit) (sluice_circuit_state{state="open", ${here}} or 0.5 * sluice_circuit_state{state="half-open", ${here}})`,
      },
    },
    {
      title: 'Slots in use',
      says: 'The share of the slots that calls hold; at 1 the next ones wait.',
      unit: 'percentunit',
      queries: {
        '{{worker}}': `sum by (worker) (sluice_in_flight{${here}}) / sum by (worker) (sluice_slots{${here}})`,
      },
    },
    {
      title: 'Calls that wait for a slot',
      says: 'In the queues of the bulkheads.',
      unit: 'short',
      queries: { '{{worker}}': `sum by (worker) (sluice_waiting{${here}})` },
    },
    {
      title: 'Time of the worker',
      says: "From the broker's acknowledgement to the reply: what is above it in the latency is ours.",
      unit: 's',
      queries: {
        'p50 {{worker}}': quantile(0.5, 'sluice_reply_duration_seconds', 'worker'),
        'p99 {{worker}}': quantile(0.99, 'sluice_reply_duration_seconds', 'worker'),
      },
    },
    {
      title: 'Lag of the groups',
      says: 'Records that the groups of the workers have not committed yet.',
      unit: 'short',
      queries: { '{{worker}}': `max by (worker) (sluice_worker_lag_records{${here}})` },
    },
    {
      title: 'Members of the groups',
      says: 'As the brokers tell; none at 0.',
      unit: 'short',
      queries: { '{{worker}}': `min by (worker) (sluice_worker_members{${here}})` },
    },
    {
      title: 'Sent again',
      says: 'Commands after a silence or a reply, and records that were not in their topic.',
      unit: 'ops',
      queries: {
        '{{kind}} {{worker}}': `sum by (kind, worker) (${rate('sluice_repetitions_total')})`,
        'retry {{topic}}': `sum by (topic) (${rate('sluice_retries_total')})`,
        'budget spent {{topic}}': `sum by (topic) (${rate('sluice_retry_budget_spent_total')})`,
      },
    },
    {
      title: 'Replies that settled nothing',
      says: 'Late, duplicate, stale, foreign, forged and unmarked ones.',
      unit: 'ops',
      queries: { '{{class}}': `sum by (class) (${rate('sluice_replies_total', 'class!="answered"')})` },
    },
  ],
}

const stores: Row = {
  title: 'Kafka, operations and the spool',
  panels: [
    {
      title: 'Produce requests',
      says: 'From handing over to the acknowledgement.',
      unit: 's',
      queries: {
        p50: `histogram_quantile(0.5, sum by (le) (${rate('sluice_produce_duration_seconds_bucket')}))`,
        p99: `histogram_quantile(0.99, sum by (le) (${rate('sluice_produce_duration_seconds_bucket')}))`,
      },
    },
    {
      title: 'Records',
      says: 'Sent a second, and those that failed.',
      unit: 'ops',
      queries: {
        sent: `sum(${rate('sluice_produce_records_total')})`,
        failed: `sum(${rate('sluice_produce_failed_records_total')})`,
      },
    },
    {
      title: 'Operations',
      says: 'Those of all instances: each knows them all.',
      unit: 'short',
      queries: { '{{state}}': `max by (state) (sluice_operations{${here}})` },
    },
    {
      title: 'Spool',
      says: 'Events that wait on disk for the brokers.',
      unit: 'short',
      queries: {
        waiting: `sum(sluice_spool_records{${here}})`,
        'put aside': `sum(sluice_spool_rejected_records{${here}})`,
      },
    },
    {
      title: 'Age of the oldest event in the spool',
      says: 'It grows while nothing can be forwarded.',
      unit: 's',
      queries: { '{{instance}}': `max by (instance) (sluice_spool_oldest_seconds{${here}})` },
    },
    {
      title: 'Clients of streams',
      says: 'That listen at present.',
      unit: 'short',
      queries: { '{{route}}': `sum by (route) (sluice_stream_clients{${here}})` },
    },
  ],
}

const process: Row = {
  title: 'Instances',
  panels: [
    {
      title: 'Ready',
      says: 'Instances that are ready, and their versions.',
      unit: 'short',
      queries: {
        '{{version}}': `sum by (version) (sluice_ready{${here}} * on (instance) group_left (version) sluice_build_info{${here}})`,
      },
    },
    {
      title: 'Busy event loop',
      says: 'At 1 the process is at its limit: add instances.',
      unit: 'percentunit',
      queries: { '{{instance}}': rate('nodejs_eventloop_active_seconds_total') },
    },
    {
      title: 'Delay of the event loop',
      says: 'How late 99 % of the timers were.',
      unit: 's',
      queries: { '{{instance}}': `nodejs_eventloop_lag_p99_seconds{${here}}` },
    },
    {
      title: 'Memory',
      says: 'Heap in use, and all that is resident.',
      unit: 'bytes',
      queries: {
        'heap {{instance}}': `nodejs_heap_size_used_bytes{${here}}`,
        'resident {{instance}}': `process_resident_memory_bytes{${here}}`,
      },
    },
    {
      title: 'Pressure',
      says: 'Of what the process can bear: at 1 only critical calls pass.',
      unit: 'percentunit',
      queries: { '{{resource}} {{instance}}': `sluice_pressure{${here}}` },
    },
    {
      title: 'Warnings',
      says: 'Lines of the log with a warning, and lines that were lost.',
      unit: 'short',
      queries: {
        warnings: `sum(increase(sluice_warnings_total{${here}}[$__rate_interval]))`,
        lost: `sum(increase(sluice_log_lines_lost_total{${here}}[$__rate_interval]))`,
      },
    },
  ],
}

const dashboards: readonly Dashboard[] = [
  { uid: 'sluice', title: 'Sluice', rows: [traffic, workers] },
  { uid: 'sluice-instances', title: 'Sluice: instances and stores', rows: [process, stores] },
]

/** The queries of all dashboards, as Grafana would ask them of everything. */
export const dashboardQueries = (): readonly string[] =>
  dashboards
    .flatMap(({ rows }) => rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => Object.values(queries))))
    .map(query => query.replaceAll('$__rate_interval', '1m').replaceAll(/"\$\w+"/g, '".*"'))

/** grafana/*.json by their names. */
export const grafanaFiles = (): Readonly<Record<string, string>> =>
  Object.fromEntries(dashboards.map(each => [`grafana/${each.uid}.json`, `${JSON.stringify(jsonOf(each), null, 2)}\n`]))

const datasource = { type: 'prometheus', uid: '${datasource}' }
const columns = 24
const size = { w: 8, h: 8 }

function jsonOf({ uid, title, rows }: Dashboard): object {
  let y = 0
  let id = 0
  const panels = rows.flatMap(row => {
    const head = {
      id: ++id,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: columns, h: 1 },
      panels: [],
    }
    const drawn = row.panels.map((panel, n) => {
      const x = (n * size.w) % columns
      if (n > 0 && x === 0) y += size.h
      return panelOf(panel, ++id, { ...size, x, y })
    })
    y += size.h
    return [head, ...drawn]
  })
  const ask = (name: string, metric: string, label: string) => ({
    name,
    type: 'query',
    datasource,
    query: `label_values(${metric}, ${label})`,
    refresh: 2,
    includeAll: true,
    allValue: '.*',
    multi: true,
    current: { text: 'All', value: '$__all' },
  })
  return {
    uid,
    title,
    tags: ['sluice'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
        ask('instance', 'sluice_build_info', 'instance'),
        ask('route', 'sluice_calls_total', 'route'),
      ],
    },
    panels,
  }
}

const panelOf = ({ title, says, unit, queries, stacked = false }: Panel, id: number, gridPos: object): object => ({
  id,
  type: 'timeseries',
  title,
  description: says,
  datasource,
  gridPos,
  fieldConfig: {
    defaults: {
      unit,
      min: 0,
      custom: { fillOpacity: stacked ? 20 : 0, stacking: { mode: stacked ? 'normal' : 'none' }, showPoints: 'never' },
    },
    overrides: [],
  },
  options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
  targets: Object.entries(queries).map(([legendFormat, expr], n) => ({
    refId: String.fromCharCode(65 + n),
    datasource,
    expr,
    legendFormat,
  })),
})
