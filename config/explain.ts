import type { z } from 'zod'
import { find } from './document.ts'
import type { Tree } from './document.ts'
import { matchFlaw } from './match.ts'
import { instead } from './mistake.ts'
import type { Mistake } from './mistake.ts'
import { allowed, keysOf, optionAt, root } from './option.ts'
import type { Option, Path } from './option.ts'

type Issue = z.core.$ZodIssue
const pathOf = (issue: Issue): Path => issue.path.map(String)

/** Says what the schema found wrong, once for each place, in our own words; `top` is what the schema says. */
export function explain(issues: readonly Issue[], tree: Tree, top: Option = root): readonly Mistake[] {
  const mistakes = issues.flatMap(issue => flat(issue)).flatMap(issue => mistakesOf(issue, tree, top))
  const seen = new Set<string>()
  return mistakes.filter(({ path }) => {
    const key = path.join('\n')
    return !seen.has(key) && seen.add(key)
  })
}

/** Of alternatives, the one that was meant is the one that fails deeper down. */
function flat(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const meant = issue.errors.find(errors =>
    errors.every(error => error.path.length > 0 || error.code === 'unrecognized_keys'),
  )
  return meant?.flatMap(error => flat({ ...error, path: [...issue.path, ...error.path] })) ?? [issue]
}

function mistakesOf(issue: Issue, tree: Tree, top: Option): readonly Mistake[] {
  const path = pathOf(issue)
  const option = optionAt(path, top)
  const found = find(tree, path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => {
      const place = (find(tree, [...path, key]) ?? found ?? tree).key
      const names = option === null ? [] : keysOf(option)
      return { place, path: [...path, key], message: `unknown option, ${instead(key, names)}` }
    })
  }
  if (issue.code === 'invalid_key') {
    const names = optionAt(path.slice(0, -1), top)?.propertyNames
    const message = `the name is wrong, expected ${names === undefined ? 'another' : allowed(names)}`
    return [{ place: (found ?? tree).key, path, message }]
  }
  const expected = option === null ? 'another value' : allowed(option)
  if (found === null) return [{ place: nearestKey(tree, path), path, message: `missing, expected ${expected}` }]
  if (found.kind === 'leaf' && found.broken) return []
  const shown = option?.secret === true ? 'a value (not shown)' : show(found, issue)
  return [{ place: found.at, path, message: `found ${shown}, expected ${expected}${whyNot(path, found)}` }]
}

/** What in the text is wrong, where the rules are more than a sentence. */
function whyNot(path: Path, found: Tree): string {
  const isMatch = path.length === 3 && path[0] === 'routes' && path[2] === 'match'
  if (!isMatch || found.kind !== 'leaf' || typeof found.value !== 'string') return ''
  const flaw = matchFlaw(found.value)
  return flaw === null ? '' : `; ${flaw}`
}

function show(tree: Tree, issue: Issue): string {
  if (tree.kind === 'mapping') return 'a mapping'
  if (tree.kind === 'list') return issue.code === 'too_big' ? `a list of ${tree.items.length}` : 'a list'
  // a text where a mapping is wanted may be anything, a secret too
  const elsewhere = issue.code === 'invalid_type' && (issue.expected === 'object' || issue.expected === 'record')
  return elsewhere && typeof tree.value === 'string' ? 'text' : tree.shown
}

/** What is missing is reported at the key of the mapping that lacks it. */
function nearestKey(tree: Tree, path: Path): Mistake['place'] {
  for (let depth = path.length - 1; depth > 0; depth--) {
    const around = find(tree, path.slice(0, depth))
    if (around !== null) return around.key
  }
  return tree.key
}
