import type { Meter, Cell } from './meter.ts'

/** The methods that the conventions know; any other is `_OTHER`, so that clients cannot make series. */
const methods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
])

/** Requests under way: the method of each, and how they came in. They are counted when somebody looks, so that a request pays nothing. */
export type Active = Readonly<{ scheme: 'http' | 'https'; methods: () => Iterable<string> }>

/** As OpenTelemetry names them. */
export function countActive(meter: Meter, { scheme, methods: underWay }: Active): void {
  const cells = new Map<string, Cell>()
  const cellOf = (method: string): Cell => {
    const known = cells.get(method)
    if (known !== undefined) return known
    const made: Cell = active({ http_request_method: method, url_scheme: scheme })
    cells.set(method, made)
    return made
  }
  const refresh = (): void => {
    for (const cell of cells.values()) cell.value = 0
    for (const method of underWay()) cellOf(methods.has(method) ? method : '_OTHER').value++
  }
  const active = meter.gauge({
    name: 'http_server_active_requests',
    help: 'Requests that are not answered yet, as OpenTelemetry has it. A stream is answered once it has begun.',
    labels: ['http_request_method', 'url_scheme'],
    refresh,
  })
}
