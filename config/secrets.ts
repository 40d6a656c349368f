import { resolve } from 'node:path'
import type { Leaf, Mapping, Tree } from './document.ts'
import { contentsOf } from './file.ts'
import type { Mistake } from './mistake.ts'
import { keysOf, optionAt, root, under } from './option.ts'
import type { Option, Path } from './option.ts'
import type { Config } from './schema/index.ts'

/**
 * Sees to the options that name files: paths become absolute, from the folder of the configuration file (on the command
 * line from the working directory), each file is looked into, and what `passwordFile` holds becomes `password`.
 */
export function readFiles(tree: Tree, folder: string, mistakes: Mistake[], path: Path = []): Tree {
  if (tree.kind === 'leaf') return optionAt(path)?.file === true ? absolute(tree, folder) : tree
  if (tree.kind === 'list')
    return { ...tree, items: tree.items.map((item, i) => readFiles(item, folder, mistakes, [...path, `${i}`])) }
  const entries = new Map<string, Tree>()
  for (const [key, value] of tree.entries) entries.set(key, readFiles(value, folder, mistakes, [...path, key]))
  const mapping: Mapping = { ...tree, entries }
  const option = optionAt(path)
  if (option !== null) for (const key of keysOf(option)) fill(mapping, option, key, path, mistakes)
  return mapping
}

function absolute(leaf: Leaf, folder: string): Leaf {
  if (leaf.broken || typeof leaf.value !== 'string' || leaf.value === '') return leaf
  const value = resolve('set' in leaf.at ? '' : folder, leaf.value)
  return { ...leaf, value, shown: value === leaf.value ? leaf.shown : `${leaf.shown} (${value})` }
}

function fill(mapping: Mapping, option: Option, key: string, path: Path, mistakes: Mistake[]): void {
  const leaf = mapping.entries.get(key)
  if (under(option, key)?.file !== true || leaf?.kind !== 'leaf' || leaf.broken) return
  if (typeof leaf.value !== 'string' || leaf.value === '') return
  const complain = (message: string): void => void mistakes.push({ place: leaf.at, path: [...path, key], message })
  const { text, trouble } = contentsOf(leaf.value)
  const secret = key.replace(/File$/, '')
  const isSecret = under(option, secret)?.secret === true
  if (trouble !== null) complain(`found ${leaf.shown}, which ${trouble}`)
  else if (isSecret && mapping.entries.has(secret)) complain(`found beside ${secret}, expected just one of the two`)
  else if (isSecret) {
    const value = text.replace(/\r?\n$/, '')
    if (value === '') complain(`found ${leaf.shown}, which is empty`)
    else mapping.entries.set(secret, { ...leaf, value, shown: 'a value (not shown)', whole: false })
  }
}

const mask = '***'

/** The configuration for people to look at: every secret is replaced by `***`. */
export const hidden = (config: Config): Config => veil(config, root) as Config

function veil(value: unknown, option: Option | null): unknown {
  if (option?.secret === true) return mask
  if (Array.isArray(value)) return value.map((item, i) => veil(item, option && under(option, `${i}`)))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, veil(inner, option && under(option, key))]),
  )
}
