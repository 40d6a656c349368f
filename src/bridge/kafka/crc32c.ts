/** CRC-32C (Castagnoli), as record batches carry it: slicing by eight (Kounavis and Berry 2005). */
const tables: readonly Uint32Array[] = Array.from({ length: 8 }, () => new Uint32Array(256))
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]
for (let n = 0; n < 256; n++) {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1
  t0[n] = c >>> 0
}
for (let n = 0; n < 256; n++)
  for (let k = 1; k < 8; k++) {
    const before = (tables[k - 1] as Uint32Array)[n] as number
    ;(tables[k] as Uint32Array)[n] = ((before >>> 8) ^ (t0[before & 0xff] as number)) >>> 0
  }

const at = (table: Uint32Array, index: number): number => table[index & 0xff] as number

export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let crc = 0xffffffff
  let i = from
  for (; i + 8 <= to; i += 8) {
    crc ^=
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)
    crc =
      at(t7, crc) ^
      at(t6, crc >>> 8) ^
      at(t5, crc >>> 16) ^
      at(t4, crc >>> 24) ^
      at(t3, bytes[i + 4] as number) ^
      at(t2, bytes[i + 5] as number) ^
      at(t1, bytes[i + 6] as number) ^
      at(t0, bytes[i + 7] as number)
  }
  for (; i < to; i++) crc = (crc >>> 8) ^ at(t0, crc ^ (bytes[i] as number))
  return (crc ^ 0xffffffff) >>> 0
}
