const seed = 0x9747b28c
const multiplier = 0x5bd1e995
const shift = 24

/** MurmurHash2, 32 bits, signed, with the seed of Kafka's Java clients (Austin Appleby 2008). */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  const whole = length & ~3
  let hash = seed ^ length
  for (let at = 0; at < whole; at += 4) {
    const word =
      byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24)
    const mixed = Math.imul(word, multiplier)
    hash = Math.imul(hash, multiplier) ^ Math.imul(mixed ^ (mixed >>> shift), multiplier)
  }
  const rest = length - whole
  if (rest > 2) hash ^= byte(bytes, whole + 2) << 16
  if (rest > 1) hash ^= byte(bytes, whole + 1) << 8
  if (rest > 0) hash = Math.imul(hash ^ byte(bytes, whole), multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

const byte = (bytes: Uint8Array, at: number): number => bytes[at] as number

/** The partition that Kafka's Java clients choose for a key: the sign bit is dropped, not negated. */
export const partitionOf = (key: Uint8Array, partitions: number): number => (murmur2(key) & 0x7fffffff) % partitions
