import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope } from '../help/scope.ts'

/** A real file system of so many MiB in a folder of its own. */
export type Disk = Readonly<{
  path: string
  /** Takes all the room but so many KiB. */
  fill: (leftKib: number) => void
  free: () => void
  readOnly: (yes: boolean) => void
}>

const mount = (...args: readonly string[]): boolean => spawnSync('mount', args).status === 0

/** Mounts a small tmpfs, which needs root; null where that is not allowed. */
export function smallDisk(t: Scope, mib: number): Disk | null {
  const path = mkdtempSync(join(tmpdir(), 'sluice-disk-'))
  const mounted = mount('-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', path)
  t.after(() => {
    if (mounted) spawnSync('umount', ['--lazy', path])
    rmdirSync(path)
  })
  if (!mounted) return null
  const ballast = join(path, 'ballast')
  return {
    path,
    fill: leftKib => {
      for (let tries = 1; ; tries++)
        try {
          const { stdout } = spawnSync('df', ['--output=avail', '-k', path], { encoding: 'utf8' })
          return writeFileSync(ballast, Buffer.alloc(Math.max(0, Number(stdout.split('\n')[1]) - leftKib) * 1_024))
        } catch (error) {
          rmSync(ballast, { force: true }) // somebody else has written meanwhile
          if (tries === 10) throw error
        }
    },
    free: () => rmSync(ballast),
    readOnly: yes => {
      if (!mount('-o', `remount,${yes ? 'ro' : 'rw'}`, path)) throw new Error('The disk cannot be remounted.')
    },
  }
}
