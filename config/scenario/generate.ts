import { generated, rowsOf, schemaOf, tableOf } from '../generate.ts'
import { jsonSchema } from '../option.ts'
import { scenarioOption } from './load.ts'
import { Scenario } from './schema.ts'

/** The schema of scenarios, for editors. */
export const scenarioSchemaFile = (): string =>
  schemaOf(jsonSchema(Scenario), 'Scenario of the failure laboratory', 'config/scenario/')

/** docs/scenarios.md: every option of a scenario. */
export function scenarioPage(): string {
  const options = Object.entries(scenarioOption.properties ?? {})
  const rows = options.flatMap(([name, option]) =>
    rowsOf(name, option, scenarioOption.required?.includes(name) === true),
  )
  return `${generated}

# Options of a scenario

A scenario of \`sluice lab\` is one YAML file: [docs/lab.md](lab.md) tells how they are used. Every mistake in it is reported at once, with
file, line and column, those in the options of the gateway too; nothing is started then, and the exit code is 2. Durations are whole
milliseconds and end in \`Ms\`. \`--set option=value\` goes before the file.
\`# yaml-language-server: $schema=…/scenario.schema.json\` as the first line makes editors complete and check it.

${tableOf(rows)}
`
}
