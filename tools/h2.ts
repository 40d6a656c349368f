// npm run test:h2 [-- NAME…]: the flow tests whose clients are ours, played over TLS and HTTP/2: what they say of HTTP/1.1 holds there,
// too. With names only the files that have one of them in theirs.
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
/** They bring clients, processes or certificates of their own, or speak of what only HTTP/1.1 has: `Connection`. */
const others = /gateway\.url|new WebSocket|fetch\(|listenTo|connect\(|openShipped|headers\.connection/

const names = process.argv.slice(2)
const files = globSync('test/flow/*.test.ts', { cwd: root })
  .toSorted()
  .filter(file => {
    const text = readFileSync(join(root, file), 'utf8')
    return (
      (names.length === 0 || names.some(name => file.includes(name))) &&
      /aGateway|openGateway/.test(text) &&
      !others.test(text)
    )
  })
console.log(`${files.length} files of the flow tests over HTTP/2.`)
const { status } = spawnSync(process.execPath, ['--test', '--test-timeout=120000', ...files], {
  cwd: root,
  env: { ...process.env, OVER: 'h2' },
  stdio: 'inherit',
  timeout: 900_000,
})
process.exitCode = status ?? 1
