import type { Violation } from '../../../problem.ts'
import { Violations } from '../codec.ts'
import type { Codec, Source } from '../codec.ts'
import { parseExact } from '../numbers.ts'
import { Sink, Tap } from './bytes.ts'
import { modelOf } from './model.ts'
import { readerOf } from './read.ts'
import { shownAvro } from './shown.ts'
import { writerOf } from './write.ts'

/** Avro in binary, without a header (Apache Avro 1.12). Throws an Error of one sentence. */
export function avroCodec(source: Source): Codec {
  const model = modelOf(source)
  const [write, read] = [writerOf(model), readerOf(model)]
  const sink = new Sink()
  return {
    format: 'avro',
    contentType: 'application/avro',
    write: json => {
      const violations: Violation[] = []
      sink.begin()
      write(parseExact(json), { sink, violations }, '')
      if (violations.length > 0) throw new Violations(violations)
      return sink.written
    },
    read: value => {
      const tap = new Tap(value)
      sink.begin()
      read(tap, sink)
      tap.end()
      return sink.written
    },
    shown: place => shownAvro(model, place),
  }
}
