/** Headers of requests of the Durable Streams protocol, which its core reads. */
export const durableHeaders: readonly string[] = [
  'if-none-match',
  'producer-epoch',
  'producer-id',
  'producer-seq',
  'stream-closed',
  'stream-expires-at',
  'stream-forked-from',
  'stream-seq',
  'stream-ttl',
]
