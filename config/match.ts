const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const strange = /[^\w.~$&',;=@%-]/u
const hints: Readonly<Record<string, string>> = {
  '{': ': a parameter is written as `:name`',
  '*': ': a parameter takes just one segment, and nothing takes more',
  '?': ': the query is not matched',
  '#': ': a fragment never comes to a server',
  ' ': ': write %20',
}

/** What is wrong with a `match`, naming the character; null when nothing is. The grammar is in docs/config.md. */
export function matchFlaw(match: string): string | null {
  const space = match.indexOf(' ')
  const method = space === -1 ? match : match.slice(0, space)
  if (!methods.includes(method)) return `${shown(method)} is none of ${methods.join(', ')}`
  const path = space === -1 ? '' : match.slice(space + 1)
  if (!path.startsWith('/')) return `the path begins with ${shown(firstOf(path))} and not with \`/\``
  const segments = path.slice(1).split('/')
  for (const [at, segment] of segments.entries()) {
    if (segment === '' && at < segments.length - 1) return 'two `/` follow each other'
    const flaw = segment.startsWith(':') ? parameterFlaw(segment.slice(1)) : segmentFlaw(segment)
    if (flaw !== null) return flaw
  }
  return null
}

function segmentFlaw(segment: string): string | null {
  if (segment.includes(':')) return '`:` stands within a segment: a parameter is a whole one'
  const wrong = strange.exec(segment)?.[0]
  return wrong === undefined ? null : `${shown(wrong)} cannot stand in a path${hints[wrong] ?? ''}`
}

function parameterFlaw(name: string): string | null {
  const first = firstOf(name)
  if (!/^[A-Za-z]$/.test(first))
    return `${shown(first)} follows a \`:\`, where the name of a parameter begins with a letter`
  const wrong = /\W/u.exec(name)?.[0]
  if (wrong !== undefined) return `${shown(wrong)} cannot stand in the name of a parameter, which is a whole segment`
  return name.length > 64 ? 'the name of a parameter has more than 64 characters' : null
}

const firstOf = (text: string): string => /^./su.exec(text)?.[0] ?? ''
const shown = (char: string): string => (char === '' ? 'nothing' : `\`${char}\``)
