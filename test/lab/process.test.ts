import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cpuMs, machineCpuMs } from '../../src/lab/process.ts'

const skip = existsSync('/proc/self/stat') ? false : 'this system has no /proc'

test('what a process uses grows with what it does, and is part of what the machine does', { skip }, () => {
  const before = [cpuMs(process.pid) ?? 0, machineCpuMs() ?? 0] as const
  for (const begun = performance.now(); performance.now() - begun < 60;) Math.sqrt(begun)
  const grown = (cpuMs(process.pid) ?? 0) - before[0]
  ok(grown > 0, `${grown} ms`)
  ok((machineCpuMs() ?? 0) - before[1] > 0)
})

test('of a process that has ended nothing is known', () => {
  equal(cpuMs(2 ** 30), null)
})
