import type { Config } from '../../../config/schema/index.ts'
import { mayBecomeOperation } from './failures.ts'
import { operationPaths } from './operations.ts'
import { headers, schemas } from './parts.ts'
import type { Json } from './parts.ts'
import { operationOf } from './route.ts'
import { schemaParts } from './schemas.ts'
import type { ShownOf } from './schemas.ts'
import { schemesOf } from './security.ts'

/** What clients see of a gateway, in the words of OpenAPI 3.1: every route with every status that it may answer. */
export function openapi(config: Config, shown: ShownOf = nothing): Json {
  const operationsPath = config.operations.path
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [name, route] of Object.entries(config.routes)) {
    const [method = '', path = ''] = route.match.split(' ')
    const templated = path.replaceAll(/:(\w+)/g, '{$1}')
    paths[templated] = {
      ...paths[templated],
      [method.toLowerCase()]: operationOf(name, route, config, operationsPath, shown),
    }
  }
  const operating = Object.values(config.routes).some(mayBecomeOperation)
  const { title, version } = config.api
  const schemes = schemesOf(config)
  return {
    openapi: '3.1.0',
    info: { title, version },
    servers: [{ url: '/' }],
    paths: { ...paths, ...(operating && operationPaths(operationsPath)) },
    components: {
      headers,
      schemas: { ...schemas, ...schemaParts(Object.keys(config.routes), shown) },
      ...(Object.keys(schemes).length > 0 && { securitySchemes: schemes }),
    },
  }
}

const nothing: ShownOf = () => null
