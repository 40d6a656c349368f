import { z } from 'zod'
import { text } from './value.ts'

const columnType = text(
  /^(Decimal\(\d{1,5}\)|VariableScaleDecimal|Date|Timestamp|MicroTimestamp|NanoTimestamp|Time|MicroTime|NanoTime|Json)$/,
  'Decimal(<scale>), VariableScaleDecimal, Date, Timestamp, MicroTimestamp, NanoTimestamp, Time, MicroTime, NanoTime or Json',
).describe('How its values are written: docs/cdc.md says what becomes of each.')

/** How the records of a topic are to be read. */
export const capture = {
  format: z
    .enum(['plain', 'debezium'])
    .default('plain')
    .describe(
      '`plain`: the records as they are. `debezium`: changes of rows, as a connector of Debezium writes them: the value is the row as it is afterwards, and what is said of the change stands in headers, as attributes of a CloudEvent.',
    ),
  columns: z
    .record(text(/^.{1,256}$/s, 'the name of a column'), columnType.describe('The type of the column.'))
    .default({})
    .describe(
      "Types of columns, in Debezium's names, where its envelopes come without schemas: decimals, dates and times become text that people read.",
    ),
}
