import type { IncomingHttpHeaders } from 'node:http'
import { Problem } from '../../problem.ts'
import type { Connection } from '../connection.ts'
import type { Serve } from '../edge.ts'
import type { Exchange } from '../exchange.ts'
import type { Way } from '../intake.ts'
import type { Identity } from './claims.ts'

/** Says who sent a request; null: it does not say. Throws, or rejects with, a Problem for credentials that are wrong. */
export type Identify = (headers: IncomingHttpHeaders, connection: Connection) => Identity | null | Promise<Identity>
/** Scheme and further parameters of each challenge (RFC 9110, 11.6.1), and what they are for. */
export type Challenge = Readonly<{ scheme: 'Bearer' | 'Basic' | 'ApiKey'; more: string }>

/** Asks clients who they are, before anything of the request is served. */
export type Admit = Readonly<{
  route: (way: Pick<Way, 'name' | 'route'>, serve: Serve) => Serve
  resource: (serve: Serve) => Serve
}>

export function admission(identify: Identify, realm: string, challenges: readonly Challenge[]): Admit {
  /** A bearer token that is wrong is told why, and no other credentials (RFC 6750, 3.1). */
  const refuse = (exchange: Exchange, problem: Problem, missing: readonly string[] = []): Problem => {
    const bears = /^bearer /i.test(exchange.req.headers.authorization ?? '')
    const fields: string[] = []
    for (const { scheme, more } of challenges) {
      let text = `${scheme} realm="${realm}"${more}`
      if (scheme === 'Bearer' && bears && problem.code === 'unauthenticated')
        text += `, error="invalid_token", error_description="${quotable(problem.message)}"`
      if (scheme === 'Bearer' && problem.code === 'forbidden')
        text += `, error="insufficient_scope", scope="${missing.join(' ')}"`
      if (problem.code === 'unauthenticated' || (problem.code === 'forbidden' && scheme === 'Bearer'))
        fields.push('WWW-Authenticate', text)
    }
    if (fields.length > 0) exchange.fields = [...(exchange.fields ?? []), ...fields]
    return problem
  }

  const route: Admit['route'] = ({ name, route }, serve) => {
    const { scopes } = route
    const required = route.identity === 'required'

    /** Throws unless this client may come in. */
    const enter = (exchange: Exchange, identity: Identity | null): void => {
      if (identity === null && required) throw refuse(exchange, nobody())
      const missing = scopes.find(scope => identity?.scopes.has(scope) !== true)
      if (missing !== undefined) {
        if (identity === null) throw refuse(exchange, nobody())
        throw refuse(exchange, new Problem('forbidden', `The scope ${missing} is missing.`), scopes)
      }
      exchange.identity = identity
    }
    const wait = async (exchange: Exchange, asked: Promise<Identity>): Promise<void> => {
      let identity: Identity
      try {
        identity = await asked
      } catch (error) {
        throw refuse(exchange, Problem.from(error))
      }
      enter(exchange, identity)
    }
    return (exchange, params) => {
      exchange.route = name
      const { req } = exchange
      try {
        const identity = askedOf(identify, exchange, refuse)
        if (identity instanceof Promise) {
          exchange.admission = wait(exchange, identity)
          exchange.admission.catch((error: unknown) => exchange.breakOff(Problem.from(error)))
          if (!req.hasBody) return void exchange.admission.then(() => serve(exchange, params), failing(exchange))
        } else enter(exchange, identity)
      } catch (error) {
        return exchange.refuse(Problem.from(error))
      }
      serve(exchange, params)
    }
  }

  const resource: Admit['resource'] = serve => (exchange, params) => {
    const served = async (): Promise<void> => {
      try {
        exchange.identity = await askedOf(identify, exchange, refuse)
      } catch (error) {
        const problem = Problem.from(error)
        return exchange.refuse(exchange.fields === null ? refuse(exchange, problem) : problem)
      }
      serve(exchange, params)
    }
    void served()
  }
  return { route, resource }
}

type Refuse = (exchange: Exchange, problem: Problem) => Problem

function askedOf(identify: Identify, exchange: Exchange, refuse: Refuse): ReturnType<Identify> {
  try {
    return identify(exchange.req.headers, exchange.connection)
  } catch (error) {
    throw refuse(exchange, Problem.from(error))
  }
}

const failing =
  (exchange: Exchange) =>
  (error: unknown): void =>
    exchange.refuse(Problem.from(error))

const nobody = (): Problem => new Problem('unauthenticated', 'The request says nothing of who sent it.')

const quotable = (text: string): string => text.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '')
