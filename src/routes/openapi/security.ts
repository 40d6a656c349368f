import type { Config, RouteOptions } from '../../../config/schema/index.ts'
import type { Json } from './parts.ts'

/** Who vouches for clients, by the names of the configuration, in the words of OpenAPI. */
export const schemesOf = ({ identity }: Config): Readonly<Record<string, Json>> =>
  Object.fromEntries(
    Object.entries(identity.providers).map(([name, { jwt, apiKeys, certificate }]) => [
      name,
      jwt !== undefined
        ? { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }
        : apiKeys !== undefined
          ? { type: 'apiKey', in: 'header', name: apiKeys.header }
          : certificate !== undefined
            ? { type: 'mutualTLS' }
            : { type: 'http', scheme: 'basic' },
    ]),
  )

/** Any of them will do; none is needed where it is optional. */
export const securityOf = (
  { identity, scopes }: RouteOptions,
  { identity: { providers } }: Config,
): readonly Json[] => [
  ...Object.keys(providers).map(name => ({ [name]: scopes })),
  ...(identity === 'optional' && scopes.length === 0 ? [{}] : []),
]
