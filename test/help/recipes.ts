import { spawnSync } from 'node:child_process'
import { classPath, java } from '../../tools/kafka/java.ts'
import { quiet, small } from './java.ts'
import { loudly } from './loud.ts'

/** How an example is built and started, in a copy of its folder. Programs are looked for on the path, or from that copy. */
export type Recipe = Readonly<{
  /** Programs that the machine must have, each with an argument that makes it say its version. */
  needs: readonly (readonly [program: string, argument: string])[]
  steps: readonly (readonly string[])[]
  run: readonly string[]
}>

export const maven = (jar: string): Recipe => ({
  needs: [
    [java, '-version'],
    ['mvn', '--version'],
  ],
  steps: [['mvn', '-q', '-B', '-Dstyle.color=never', 'package']],
  run: [java, ...small, '-jar', jar],
})

/** One file, run from its source with the jars of Kafka. */
export const plainJava = (source: string): Recipe => ({
  needs: [[java, '-version']],
  steps: [],
  run: [java, ...small, quiet, '-cp', classPath, source],
})

export const go: Recipe = {
  needs: [['go', 'version']],
  steps: [['go', 'build', '-o', 'orders', '.']],
  run: ['./orders'],
}

export const python = (script: string): Recipe => ({
  needs: [['python3', '--version']],
  steps: [
    ['python3', '-m', 'venv', 'venv'],
    ['venv/bin/pip', 'install', '--quiet', '--requirement', 'requirements.txt'],
  ],
  run: ['venv/bin/python', script],
})

export const npm = (script: string): Recipe => ({
  needs: [['npm', '--version']],
  steps: [
    ['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
    ['npm', 'run', '--silent', 'build'],
  ],
  run: [process.execPath, script],
})

/** Why it cannot be built here, said loudly; false when it can. With CI=true it always is, and then fails. */
export function without(name: string, { needs }: Recipe): string | false {
  const missing = needs.find(([program, argument]) => spawnSync(program, [argument]).status !== 0)
  if (missing === undefined || process.env.CI === 'true') return false
  const reason = `${missing[0]} is missing`
  loudly(`WITHOUT ${name.toUpperCase()}: its worker is not tested, as ${reason}.`)
  return reason
}
