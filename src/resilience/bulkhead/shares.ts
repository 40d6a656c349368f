import type { Call } from '../../call.ts'

/** How the share of a tenant is called: as no route can be. */
export const shareOfTenant = (tenant: string): string => `tenant ${tenant}`

/**
 * What the routes, or the tenants, of a worker are sure to get of its slots. A share that is not used may be borrowed by anyone; it is given
 * back with the next slots that become free. Share 0 is that of all routes without a share.
 */
export class Shares {
  readonly #shares = new Map<string, number>()
  readonly #percents: number[] = [0]
  readonly #inFlight: number[] = [0]

  /** `shares` are percent of the slots, by route or tenant. */
  constructor(shares: ReadonlyMap<string, number>) {
    for (const [route, percent] of shares) {
      if (percent <= 0) continue
      this.#shares.set(route, this.#percents.length)
      this.#percents.push(percent)
      this.#inFlight.push(0)
    }
  }

  get count(): number {
    return this.#percents.length
  }

  shareOf({ route, tenant }: Pick<Call, 'route' | 'tenant'>): number {
    if (this.#shares.size === 0) return 0
    return this.#shares.get(tenant === undefined ? route : shareOfTenant(tenant.name)) ?? 0
  }

  enter(share: number): void {
    ;(this.#inFlight[share] as number)++
  }

  leave(share: number): void {
    ;(this.#inFlight[share] as number)--
  }

  /** How many of so many slots the share is sure of. */
  guaranteed(share: number, limit: number): number {
    const percent = this.#percents[share] as number
    return percent === 0 ? 0 : Math.max(1, Math.floor((limit * percent) / 100))
  }

  /** Whether the share has less than it is sure of. */
  owed(share: number, limit: number): boolean {
    return share > 0 && (this.#inFlight[share] as number) < this.guaranteed(share, limit)
  }

  /** By route: for people. */
  state(limit: number): Readonly<Record<string, Readonly<{ guaranteed: number; inFlight: number }>>> {
    return Object.fromEntries(
      [...this.#shares].map(([route, share]) => [
        route,
        { guaranteed: this.guaranteed(share, limit), inFlight: this.#inFlight[share] as number },
      ]),
    )
  }
}
