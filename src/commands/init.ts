import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { firstConfiguration } from '../../config/first.ts'
import type { First } from '../../config/first.ts'
import type { Terminal } from './spool.ts'

/** `sluice init`: a first configuration from an OpenAPI document. */
export function initCommand(program: Command, { say, fail }: Pick<Terminal, 'say' | 'fail'>): void {
  program
    .command('init')
    .description('write a first configuration from an OpenAPI document, with comments that say what to decide')
    .argument('<openapi>', 'the document, JSON or YAML')
    .option('--out <file>', 'where to write it; without it, on standard output')
    .action((file: string, { out }: Readonly<{ out?: string }>) => {
      const { text, routes, skipped } = firstOf(file, fail)
      if (out === undefined) return say(text.trimEnd())
      if (existsSync(out)) return fail(`${out} is there already: choose another name.`)
      writeFileSync(out, text)
      say(`${out}: ${routes} routes.`)
      for (const each of skipped) say(`Not taken: ${each}.`)
    })
}

function firstOf(file: string, fail: Terminal['fail']): First {
  try {
    return firstConfiguration(readFileSync(file, 'utf8'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return fail(code === undefined ? message : `${file} cannot be read.`)
  }
}
