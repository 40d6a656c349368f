import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ended } from '../../tools/kafka/ended.ts'

// Kafka Connect stood still in one of thirty shutdowns, and the tests waited for it until their own time was over
test('a process that does not end when it is told to is killed, and one that does is not', async () => {
  const deaf = spawn('/bin/sh', ['-c', 'trap "" TERM; echo ready; while :; do read -r line; done'])
  await once(deaf.stdout, 'data')
  await ended(deaf, 'SIGTERM', 20)
  equal(deaf.signalCode, 'SIGKILL')
  const obedient = spawn('/bin/sh', ['-c', 'trap "exit 7" TERM; echo ready; while :; do read -r line; done'])
  await once(obedient.stdout, 'data')
  await ended(obedient, 'SIGTERM', 30_000)
  equal(obedient.exitCode, 7)
  await ended(obedient, 'SIGTERM', 30_000) // gone already
})
