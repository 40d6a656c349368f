// Compares 10,000 generated values of Avro and of Protobuf with fastavro and protobuf: npm run schemas:differential.
import { differences, prepared } from './play.ts'

prepared()
const seed = Number(process.argv[2] ?? Date.now() % 1_000_000)
const values = Number(process.argv[3] ?? 10_000)
const started = performance.now()
const found = await differences(values, seed)
const seconds = ((performance.now() - started) / 1_000).toFixed(1)
for (const [form, list] of Object.entries(found)) {
  console.log(
    `${form}: ${values} values written and read beside the reference, ${list.length} differences (seed ${seed}, ${seconds} s)`,
  )
  for (const one of list.slice(0, 5)) console.log(`  ${one.slice(0, 1_000)}`)
  if (list.length > 0) process.exitCode = 1
}
