import { escaped } from './plot.ts'
import { style } from './style.ts'

/** A page of the laboratory: one file that asks nobody for anything. */
export const page = (title: string, at: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${style}</style></head>
<body><main><p class="soft">Sluice, failure laboratory · ${escaped(at)}</p><h1>${escaped(title)}</h1>
${body}
</main></body></html>
`

/** A table that scrolls by itself where the page is narrow; empty without rows. */
export const tableOf = (
  caption: string,
  of: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string => {
  if (rows.length === 0) return ''
  const columns = head.map(text => `<th scope="col">${text}</th>`).join('')
  const lines = rows.map(([first = '', ...cells]) => {
    return `<tr><th scope="row">${first}</th>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`
  })
  const label = escaped(`${caption}: ${of}`)
  return `<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table><caption>${escaped(caption)}</caption><thead><tr>${columns}</tr></thead><tbody>${lines.join('')}</tbody></table></div>`
}
