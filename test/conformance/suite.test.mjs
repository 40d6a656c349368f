// What vitest runs: the published suite of the protocol, against the gateway that test/flow/durable-streams.test.ts has started.
import { runConformanceTests } from '@durable-streams/server-conformance-tests'

runConformanceTests({ baseUrl: process.env.CONFORMANCE_URL, longPollTimeoutMs: 4_000 })
