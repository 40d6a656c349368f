import { createHmac } from 'node:crypto'
import { wallClock } from '../../clock.ts'

/** The bytes of a secret as Standard Webhooks writes it: base64 behind `whsec_`. */
export const keyOf = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64')

/**
 * The headers of Standard Webhooks (specification 1.0, symmetric): `webhook-id`, the same on every attempt, `webhook-timestamp`,
 * and `webhook-signature`, an HMAC with SHA-256 of both and the body. By node:crypto: the hash of the package of that name is
 * written in JavaScript.
 */
export function signed(key: Buffer, id: string, body: Uint8Array | string): string[] {
  const time = String(Math.floor(wallClock() / 1_000))
  const signature = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64')
  return ['webhook-id', id, 'webhook-timestamp', time, 'webhook-signature', `v1,${signature}`]
}
