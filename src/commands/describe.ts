import type { Command } from 'commander'
import type { openapi } from '../routes/openapi/index.ts'
import { openSchemas } from '../schemas.ts'
import type { Terminal } from './spool.ts'

/** `sluice openapi` and `sluice asyncapi`: documents written from the configuration, on standard output. */
export function describeCommands(program: Command, { configuration, say, fail }: Terminal, shipped: string): void {
  const add = (name: string, what: string, write: (file: string) => Promise<unknown>): void =>
    void program
      .command(name)
      .description(`print what ${what}, written from the configuration`)
      .argument('[file]', 'configuration file', shipped)
      .action(async (file: string) => say(JSON.stringify(await write(file), null, 2)))
  const described = async (file: string): Promise<Parameters<typeof openapi>> => {
    const config = configuration(file)
    const schemas = await openSchemas(config, true).catch((error: Error) => fail(error.message))
    return [config, schemas?.shown]
  }
  add('openapi', 'clients see, as OpenAPI 3.1', async file => {
    const { openapi } = await import('../routes/openapi/index.ts')
    return openapi(...(await described(file)))
  })
  add('asyncapi', 'is on the topics, as AsyncAPI 3', async file => {
    const { asyncapi } = await import('../bridge/asyncapi.ts')
    return asyncapi(...(await described(file)))
  })
}
