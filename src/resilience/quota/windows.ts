import type { QuotaOptions } from '../../../config/schema/index.ts'
import type { QuotaPolicy } from '../../call.ts'

/** The windows of a quota: one for its requests, one for its bytes, or those of each window that it lists. */
export function policiesOf({ windows, requests, bytes, windowMs }: QuotaOptions): readonly QuotaPolicy[] {
  const listed = windows ?? [{ name: 'default', requests, bytes, windowMs }]
  return listed.flatMap(window => {
    const { name = lengthOf(window.windowMs), requests, bytes, windowMs } = window
    const count = requests === undefined ? [] : [{ name, unit: 'requests', limit: requests, windowMs } as const]
    const size = requests === undefined ? name : `${name}-bytes`
    return bytes === undefined
      ? count
      : [...count, { name: size, unit: 'content-bytes', limit: bytes, windowMs } as const]
  })
}

const lengthOf = (ms: number): string => (ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`)

/** What a policy allows, for the client. */
export const said = ({ unit, limit, windowMs }: QuotaPolicy): string =>
  `At most ${limit} ${unit === 'requests' ? 'requests' : 'bytes'} in ${windowMs} ms.`

/** What a call costs; a body larger than the quota costs a whole window. */
export const priceOf = ({ unit, limit }: QuotaPolicy, bytes: number): number =>
  unit === 'requests' ? 1 : Math.min(bytes, limit)
