import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { folder } from './folder.ts'
import type { Scope } from './scope.ts'

/** A folder with these files, by their names in it; it goes with the test. Values that are no text are written as JSON. */
export function filesOf(t: Scope, files: Readonly<Record<string, unknown>>): string {
  const path = folder(t)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return path
}
