import type { ModeName } from '../../config/schema/index.ts'
import { ask } from '../call.ts'
import type { Call, Policy } from '../call.ts'
import { Problem } from '../problem.ts'
import { refusal } from './refusal.ts'

/** The call in the form that its topic has it. Throws schema-violation and invalid-request, and what hinders it to tell. */
export type Fits = Readonly<{ mode: ModeName; fit: (call: Call) => Call | Promise<Call> }>

/** Refuses calls whose body its schema does not allow. */
export function schema<Out>({ fit }: Pick<Fits, 'fit'>, mode: ModeName): Policy<Call, Out> {
  const refuse = refusal('schema', mode)
  return next => {
    /** A body that is only observed goes on as it came. */
    const failed = (call: Call, error: unknown): Promise<Out> => {
      const refused = refuse(call, Problem.from(error))
      return refused === null ? ask(next, call) : Promise.reject(refused)
    }
    const later = async (call: Call, fitting: Promise<Call>): Promise<Out> => {
      let fitted: Call
      try {
        fitted = await fitting
      } catch (error) {
        return await failed(call, error)
      }
      return await next(fitted)
    }
    return function schema(call) {
      let fitted: Call | Promise<Call>
      try {
        fitted = fit(call)
      } catch (error) {
        return failed(call, error)
      }
      return fitted instanceof Promise ? later(call, fitted) : next(fitted)
    }
  }
}
