/** Numbers that look random, the same for the same seed (mulberry32). */
export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed
  }
  /** Below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  below(most: number): number {
    return Math.floor(this.next() * most)
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
  /** A whole number of so many bits, with a sign, mostly near an edge. */
  whole(bits: number): bigint {
    const edge = 1n << BigInt(bits - 1)
    const near = BigInt(this.below(3))
    return this.of([
      () => near - 1n,
      () => edge - 1n - near,
      () => -edge + near,
      () => BigInt.asIntN(bits, BigInt(this.below(2 ** 31)) * BigInt(this.below(2 ** 31)) * 5n),
      () => BigInt.asIntN(bits, 2n ** 53n + near),
    ])()
  }
  text(): string {
    return this.of(['', 'a', 'Zoë', '"\\/', '𝄞 x', '\u0000\n', 'NaN', 'x'.repeat(this.below(200))])
  }
  base64(length = this.below(20)): string {
    return Buffer.from(Array.from({ length }, () => this.below(256))).toString('base64')
  }
  real(): string {
    return this.of(['0', '-0.0', '0.1', '1e300', '-5e-324', '3.5', '"NaN"', '"-Infinity"', String(this.next() * 1e6)])
  }
  list<T>(make: () => T, most = 4): readonly T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }
  /** A time of day to so many decimals. */
  clock(decimals: number): string {
    const two = (below: number): string => String(this.below(below)).padStart(2, '0')
    const fraction = String(this.below(10 ** decimals)).padStart(decimals, '0')
    return `${two(24)}:${two(60)}:${two(60)}.${fraction}`
  }
  date(): string {
    const two = (below: number): string => String(1 + this.below(below)).padStart(2, '0')
    return `${String(1 + this.below(9_998)).padStart(4, '0')}-${two(12)}-${two(28)}`
  }
}
