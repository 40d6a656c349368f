import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { classPath, java } from './java.ts'
import type { User } from './properties.ts'

const jvm = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', classPath]

/** Prepares the data of a broker, unless that has been done. KRaft keeps the users of SCRAM in its data: they come in here. */
export async function prepare(propertiesFile: string, cluster: string, user: User | null): Promise<void> {
  const scram = user === null ? [] : ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(kind => ['-S', credentials(kind, user)])
  const format = [
    'kafka.tools.StorageTool',
    'format',
    '-t',
    cluster,
    '-c',
    propertiesFile,
    '--ignore-formatted',
    ...scram,
  ]
  const child = spawn(java, [...jvm, ...format], { stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = (): boolean => child.kill('SIGKILL')
  process.once('exit', kill)
  let printed = ''
  child.stdout.on('data', chunk => (printed += chunk))
  child.stderr.on('data', chunk => (printed += chunk))
  const [status] = (await once(child, 'close')) as [number | null]
  process.off('exit', kill)
  if (status !== 0) throw new Error(`Kafka could not prepare its data:\n${printed.trim()}`)
}

const credentials = (kind: string, { username, password }: User): string =>
  `${kind}=[name=${username},password=${password}]`

/** The id of the cluster, kept beside its data: brokers refuse the data of another one. */
export function clusterId(folder: string): string {
  const file = join(folder, 'cluster-id')
  if (!existsSync(file)) {
    const bytes = randomBytes(16)
    bytes[0] = bytes[0]! & 0x7f // never a leading hyphen, which would read as an option
    writeFileSync(file, bytes.toString('base64url'))
  }
  return readFileSync(file, 'utf8')
}
