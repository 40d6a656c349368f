import type { Config } from '../../config/schema/index.ts'
import { originsOf } from '../origins.ts'
import { Problem } from '../problem.ts'
import type { CallbackOf } from './patience.ts'

const longest = 2_048

/** Which callbacks clients may name; null where they may not. It throws callback-forbidden for any other. */
export function callbackOf({ callbacks }: Config['operations']): CallbackOf | null {
  if (callbacks === undefined) return null
  const nameOf = originsOf(callbacks.receivers)
  return text => {
    const url = text.length <= longest && URL.canParse(text) ? new URL(text) : null
    if (url === null) throw forbidden(`The callback is no absolute URL of at most ${longest} characters.`)
    if (url.username !== '' || url.password !== '' || url.hash !== '')
      throw forbidden('The callback has a user or a fragment.')
    if (nameOf(url) === null) throw forbidden(`${url.origin} may not be called.`)
    return url.href
  }
}

const forbidden = (detail: string): Problem => new Problem('callback-forbidden', detail)
