import { Ajv } from 'ajv'
import type { AnySchema, ErrorObject, Options } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { RE2JS } from 're2js'
import { parseJson } from '../../json.ts'
import type { Violation } from '../../problem.ts'
import { step, Violations } from './codec.ts'
import type { Codec, Source } from './codec.ts'
import { shownAt } from './shown.ts'

type Schema = Readonly<Record<string, unknown>>

/** What takes a length of its own choice. */
const variable = /[*+?]|\{\d*,/g

/** Whether a pattern can only be matched in one way, and so in linear time: from the beginning, with one choice at most. */
const isPlain = (pattern: string): boolean =>
  pattern.startsWith('^') && !/[(|]/.test(pattern) && (pattern.match(variable) ?? []).length <= 1

/** Patterns in linear time; those that only backtracking can match (look-around, back references) are left to it. */
const regExp = Object.assign(
  (pattern: string, flags: string) => {
    if (isPlain(pattern)) return new RegExp(pattern, flags)
    try {
      return RE2JS.compile(pattern)
    } catch {
      return new RegExp(pattern, flags)
    }
  },
  { code: 'regExp' },
)

const options: Options = {
  allErrors: true,
  strict: false, // unknown keywords are annotations, as the standard has it
  multipleOfPrecision: 9, // in binary, 19.99 is no multiple of 0.01
  logger: false,
  code: { regExp },
}

/** JSON Schema of draft-06, draft-07, 2019-09 and 2020-12, which is the default. Throws an Error of one sentence. */
export function jsonCodec({ name, text, references }: Source): Codec {
  const schema = schemaOf(text, name)
  const ajv = engineOf(schema)
  const base = typeof schema['$id'] === 'string' ? schema['$id'] : null
  const others = new Map([...references].map(([reference, content]) => [reference, schemaOf(content, reference)]))
  for (const [reference, other] of others) ajv.addSchema(other, base === null ? reference : resolved(reference, base))
  const validate = compiled(ajv, schema, name)
  const check = (value: unknown): void => {
    if (!validate(value)) throw new Violations((validate.errors ?? []).map(violation))
  }
  return {
    format: 'json',
    contentType: null,
    write: json => {
      check(parseJson(json))
      return json
    },
    read: value => {
      check(parseJson(value))
      return value
    },
    shown: place => shownAt(place, schema, others),
  }
}

function schemaOf(text: string, name: string): Schema {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error(`${name} is not JSON.`)
  }
  if (typeof value === 'boolean') return value ? {} : { not: {} }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Schema
  throw new Error(`${name} is no JSON Schema: expected an object.`)
}

function engineOf(schema: Schema): Ajv {
  const { $schema: named } = schema
  const draft = typeof named === 'string' ? named : ''
  const ajv = /draft-0[67]/.test(draft)
    ? new Ajv(options)
    : /2019-09/.test(draft)
      ? new Ajv2019(options)
      : new Ajv2020(options)
  addFormats.default(ajv)
  return ajv
}

function compiled(ajv: Ajv, schema: Schema, name: string) {
  try {
    return ajv.compile(schema as AnySchema)
  } catch (error) {
    throw new Error(`${name} does not compile: ${(error as Error).message}.`, { cause: error })
  }
}

const resolved = (reference: string, base: string): string =>
  URL.canParse(reference, base) ? new URL(reference, base).href : reference

/** A member too many is pointed at itself; all else where ajv says. */
function violation({ instancePath, keyword, params, message = 'is not allowed' }: ErrorObject): Violation {
  const said = params as Readonly<Record<string, unknown>>
  const extra = said['additionalProperty'] ?? said['unevaluatedProperty']
  if (typeof extra === 'string') return { pointer: step(instancePath, extra.slice(0, 100)), message: 'is not known' }
  if (keyword === 'enum' || keyword === 'const')
    return {
      pointer: instancePath,
      message: `${message}: ${JSON.stringify(said['allowedValues'] ?? said['allowedValue']).slice(0, 300)}`,
    }
  return { pointer: instancePath, message }
}
