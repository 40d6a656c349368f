import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { Problem } from '../../src/problem.ts'
import { counted } from './counted.ts'

const happened = {
  call: null,
  id: '1',
  method: 'POST',
  problem: null,
  outcome: 'sent',
  ms: 20,
  clientGone: false,
} as const

test('requests have the names of OpenTelemetry, with method and path of the configuration', async () => {
  const problem = new Problem('reply-timeout', 'x')
  deepEqual(
    await counted('http_server_request_duration_seconds_count', () => {
      events.finished.publish({ ...happened, route: 'place-order', status: 201 })
      events.finished.publish({ ...happened, route: 'place-order', status: 504, problem })
      events.finished.publish({ ...happened, route: 'place-order', status: 500 })
      events.finished.publish({
        ...happened,
        route: 'none',
        method: 'BREW',
        status: 404,
        problem: new Problem('unknown-route', 'x'),
      })
    }),
    [
      'http_server_request_duration_seconds_count{http_request_method="POST",http_route="/orders",http_response_status_code="201",error_type=""} 1',
      'http_server_request_duration_seconds_count{http_request_method="POST",http_route="/orders",http_response_status_code="504",error_type="reply-timeout"} 1',
      'http_server_request_duration_seconds_count{http_request_method="POST",http_route="/orders",http_response_status_code="500",error_type="500"} 1',
      'http_server_request_duration_seconds_count{http_request_method="_OTHER",http_route="",http_response_status_code="404",error_type="unknown-route"} 1',
    ],
  )
})

test('records that are sent and replies that are read have the names of OpenTelemetry', async () => {
  deepEqual(
    await counted('messaging_', () => {
      events.produced.publish({ records: 3, bytes: 10, ms: 20, failed: 0 })
      events.reply.publish({ class: 'late', worker: null, ms: null })
    }),
    [
      'messaging_client_operation_duration_seconds_sum{messaging_system="kafka",messaging_operation_name="send"} 0.02',
      'messaging_client_operation_duration_seconds_count{messaging_system="kafka",messaging_operation_name="send"} 1',
      'messaging_client_sent_messages_total{messaging_system="kafka",messaging_operation_name="send"} 3',
      'messaging_client_consumed_messages_total{messaging_system="kafka",messaging_operation_name="poll"} 1',
    ],
  )
})
