import { z } from 'zod'

export const Api = z.strictObject({
  title: z.string().min(1).max(200).default('Sluice').describe('Title of the documents.'),
  version: z.string().min(1).max(64).default('1.0.0').describe('Version of your API, in the documents.'),
  expose: z
    .boolean()
    .default(false)
    .describe('Whether clients may read `/openapi.json` and `/asyncapi.json` on `server.port`.'),
  docs: z
    .boolean()
    .default(false)
    .describe(
      'Whether `/docs` shows `/openapi.json` as a page. It needs `expose`, and the package @scalar/api-reference beside Sluice.',
    ),
})
