import { z } from 'zod'
import { Config } from './schema/index.ts'

/** The steps from the root to an option; a place in a list is its number as text. */
export type Path = readonly string[]

/** What is known of an option: the part of JSON Schema (draft-07) that ours uses, with our own words beside it. */
export type Option = Readonly<{
  type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean'
  description?: string
  default?: unknown
  properties?: Readonly<Record<string, Option>>
  required?: readonly string[]
  additionalProperties?: Option | false
  propertyNames?: Option
  items?: Option
  maxItems?: number
  anyOf?: readonly Option[]
  enum?: readonly string[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  unit?: 'ms' | 'bytes' | '%'
  allowed?: string
  secret?: boolean
  file?: boolean
}>

export const jsonSchema = (of: z.ZodType = Config): object => z.toJSONSchema(of, { target: 'draft-7', io: 'input' })
/** What a schema says, in a form that can be walked without knowing zod. */
export const optionOf = (of: z.ZodType): Option => jsonSchema(of)
/** The root of all options of the gateway. */
export const root = optionOf(Config)

const has = Object.hasOwn

/** The option under a key of a mapping or a place of a list; null when the schema has none there. */
export function under(option: Option, key: string): Option | null {
  const { properties, additionalProperties, items, anyOf = [] } = option
  if (properties !== undefined && has(properties, key)) return properties[key] ?? null
  if (typeof additionalProperties === 'object') return additionalProperties
  if (items !== undefined) return /^\d+$/.test(key) ? items : null
  return anyOf.map(choice => under(choice, key)).find(found => found !== null) ?? null
}

/** The option at a path from `top`; null when the schema has none there. */
export const optionAt = (path: Path, top: Option = root): Option | null =>
  path.reduce<Option | null>((option, key) => option && under(option, key), top)

/** The keys that a mapping may have; empty where names are free. */
export const keysOf = ({ properties = {}, anyOf = [] }: Option): readonly string[] => [
  ...Object.keys(properties),
  ...anyOf.flatMap(keysOf),
]

/** Whether a value of this type could stand there, among others perhaps. */
export const takes = (option: Option, type: 'number' | 'boolean'): boolean =>
  option.type === type ||
  (type === 'number' && option.type === 'integer') ||
  (option.anyOf ?? []).some(choice => takes(choice, type))

const units = { ms: ' of milliseconds', bytes: ' of bytes', '%': '' }

/** What a value may be, to follow the word "expected". */
export function allowed(option: Option): string {
  const { type, unit, minimum = 0, maximum = 0, minLength = 0, maxLength, maxItems } = option
  if (option.allowed !== undefined) return option.allowed
  if (option.enum !== undefined) return `one of ${option.enum.join(', ')}`
  if (option.anyOf !== undefined) return option.anyOf.map(allowed).join(', or ')
  if (type === 'integer') return `a whole number${unit === undefined ? '' : units[unit]} from ${minimum} to ${maximum}`
  if (type === 'number') return `${unit === '%' ? 'a percentage' : 'a number'} from ${minimum} to ${maximum}`
  if (type === 'boolean') return 'true or false'
  if (type === 'array') return maxItems === undefined ? 'a list' : `a list of at most ${maxItems}`
  if (type !== 'string') return 'a mapping'
  if (maxLength !== undefined) return `text of ${minLength} to ${maxLength} characters`
  return minLength > 0 ? 'text, not empty' : 'text'
}
