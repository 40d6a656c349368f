import type { Config } from '../../config/schema/index.ts'

/** Makes a text fit for a line: no configured secret, no control character, no novel. */
export type Clean = (text: string) => string

const longest = 500
const secretName = /(password|secret|token)$/i

/** Remembers the secrets of the configuration, wherever they stand in it. */
export function cleaner(config: Partial<Config>): Clean {
  const secrets = secretsIn(config).sort((a, b) => b.length - a.length) // one may be a part of another
  return text => {
    let clean = text
    for (const secret of secrets) clean = clean.replaceAll(secret, '***')
    clean = clean.replaceAll(/\p{Cc}+/gu, ' ') // a terminal would obey them
    return clean.length > longest ? `${clean.slice(0, longest)}…` : clean
  }
}

const secretsIn = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(
        ([name, inner]) =>
          typeof inner !== 'string'
            ? secretsIn(inner)
            : inner !== '' && secretName.test(name)
              ? [inner]
              : (/^\w+:\/\/[^/@]*:([^/@]+)@/.exec(inner)?.slice(1) ?? []), // the password in a URL
      )

/** What went wrong, with its causes; never throws. V8 quotes the text that it could not parse, so a SyntaxError is only named. */
export function causeOf(error: unknown, depth = 0): string {
  if (typeof error === 'string') return error
  if (!(error instanceof Error)) return `thrown: ${typeof error}`
  const said = error instanceof SyntaxError ? '' : error.message
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  const inner = error.cause === undefined || depth === 3 ? '' : `: ${causeOf(error.cause, depth + 1)}`
  return `${said === '' ? code : said}${inner}` // a refused connection to a host with two addresses has only a code
}

/** Where it went wrong: the frames alone, as the first line of a stack repeats the message. */
export const framesOf = (error: unknown): readonly string[] =>
  error instanceof Error && typeof error.stack === 'string'
    ? error.stack
        .split('\n')
        .filter(line => line.startsWith('    at '))
        .slice(0, 12)
        .map(line => line.slice(7))
    : []
