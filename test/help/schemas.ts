/** The order of the tests of registries, in each of the three languages. */
export const schemas = {
  avro: {
    type: 'AVRO',
    text: '{"type":"record","name":"Order","namespace":"acme","fields":[{"name":"orderId","type":"string"},{"name":"amount","type":"long"}]}',
  },
  json: {
    type: 'JSON',
    text: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["orderId"],"properties":{"orderId":{"type":"string"},"amount":{"type":"integer"}}}',
  },
  protobuf: {
    type: 'PROTOBUF',
    text: 'syntax = "proto3";\npackage acme;\nmessage Other {\n  int32 a = 1;\n}\nmessage Order {\n  string order_id = 1 [json_name = "orderId"];\n  int64 amount = 2;\n}\n',
  },
} as const
export type Format = keyof typeof schemas
export const formats = Object.keys(schemas) as readonly Format[]

/** Puts all of them into an Apicurio Registry, each as the values of a topic of its name. */
export async function registerAll(url: string, topicOf: (format: Format) => string): Promise<void> {
  for (const format of formats) {
    const { type, text } = schemas[format]
    const content = {
      content: text,
      contentType: format === 'protobuf' ? 'application/x-protobuf' : 'application/json',
    }
    const response = await fetch(`${url}/groups/default/artifacts`, {
      method: 'POST',
      signal: AbortSignal.timeout(30_000),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ artifactId: `${topicOf(format)}-value`, artifactType: type, firstVersion: { content } }),
    })
    if (!response.ok) throw new Error(`The registry answered with ${response.status}: ${await response.text()}`)
  }
}
