import { existsSync, readFileSync } from 'node:fs'

const tickMs = 10 // USER_HZ is 100 on every Linux that Node runs on

/** CPU milliseconds that a process has used, by all its threads; null where the system does not tell, or it has ended. */
export function cpuMs(pid: number): number | null {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return null
  try {
    const stat = readFileSync(file, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name in front may contain anything
    return (Number(fields[11]) + Number(fields[12])) * tickMs
  } catch {
    return null // it ended just now
  }
}

/** The same of everything on the machine together. */
export function machineCpuMs(): number | null {
  if (!existsSync('/proc/stat')) return null
  const all = /^cpu +(.*)/.exec(readFileSync('/proc/stat', 'latin1'))?.[1]?.split(' ').map(Number) ?? []
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = all
  return (user + nice + system + irq + softirq) * tickMs
}
