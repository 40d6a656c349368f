import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Every sync of a file takes so much longer, in whatever program is started with it. */
const source = (ms: number): string => `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static void later(void) { struct timespec t = {0, ${ms}000000L}; nanosleep(&t, 0); }
int fsync(int fd) { int (*own)(int) = dlsym(RTLD_NEXT, "fsync"); int end = own(fd); later(); return end; }
int fdatasync(int fd) { int (*own)(int) = dlsym(RTLD_NEXT, "fdatasync"); int end = own(fd); later(); return end; }
`

/** The environment of programs whose disk is slower by so many milliseconds a sync; null where there is no C compiler. */
export function slowDisk(folder: string, ms: number): Readonly<{ LD_PRELOAD: string }> | null {
  const [from, to] = [join(folder, 'slowdisk.c'), join(folder, 'slowdisk.so')]
  writeFileSync(from, source(ms))
  return spawnSync('cc', ['-shared', '-fPIC', '-o', to, from, '-ldl']).status === 0 ? { LD_PRELOAD: to } : null
}
