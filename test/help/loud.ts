/** Says what is missing, and which tests are skipped for it, so that nobody overlooks it. */
export function loudly(what: string): void {
  const line = '!'.repeat(100)
  console.error(`${line}\n!! ${what}\n${line}`)
}
