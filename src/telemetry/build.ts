import { readFileSync } from 'node:fs'
import type { Meter } from './meter.ts'

const root = new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }

/** Which build runs: what dashboards join to see a rollout. */
export function tellBuild(meter: Meter): void {
  const info = meter.gauge({
    name: 'sluice_build_info',
    help: 'Always 1: its labels are the versions of Sluice and of Node.',
    labels: ['version', 'node'],
  })
  info({ version, node: process.versions.node }).value = 1
}
