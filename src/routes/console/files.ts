import { readFile, readdir } from 'node:fs/promises'

export type File = Readonly<{ type: string; body: Buffer }>

const page = new URL('../../console/', import.meta.url)
const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}
const typeOf = (name: string): string | undefined => types[name.slice(name.lastIndexOf('.') + 1)]

/** The files of the console by their paths; those of the library that draws its charts are beside them. */
export async function filesOf(): Promise<ReadonlyMap<string, File>> {
  const files = new Map<string, File>()
  const add = async (path: string, url: URL): Promise<void> => {
    const type = typeOf(url.pathname)
    if (type !== undefined) files.set(path, { type, body: await readFile(url) })
  }
  const charts = new URL(import.meta.resolve('uplot'))
  for (const name of await readdir(page)) await add(`/console/${name}`, new URL(name, page))
  await add('/console/uplot.js', new URL('uPlot.esm.js', charts))
  await add('/console/uplot.css', new URL('uPlot.min.css', charts))
  const index = files.get('/console/index.html')
  if (index !== undefined) files.set('/console', index)
  return files
}
