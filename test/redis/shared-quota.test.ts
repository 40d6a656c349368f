import { test } from 'node:test'
import { withoutRedis } from '../help/redis.ts'
import { holds } from '../trials/holds.ts'
import { sharedQuota } from '../trials/shared-quota.ts'

// the short form of `npm run trials -- shared-quota`; what a clock measures has room for a busy machine

test(
  'two instances keep the quota that they share, while Redis is there, stands still, is down, and is empty',
  { skip: withoutRedis(), timeout: 240_000 },
  t => holds(t, () => sharedQuota(t, { steadyMs: 5_100, outageMs: 3_100, afterMs: 3_100, costUs: 500 })),
)
