#!/bin/sh
# @durable-streams/server-conformance-tests 0.3.6: its command line, as its README gives it for CI, runs no test at all. It hands a file of
# the package to vitest (4.1.12, within its ^4.0.0), whose pattern wants *.test.* and whose exclusion names node_modules, and ends
# with 1 before it has asked the server anything. Seen: "No test files found, exiting with code 1", and no request.
# The suite runs when a test file of one's own calls runConformanceTests, as test/conformance/suite.test.mjs does.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact @durable-streams/server-conformance-tests@0.3.6 vitest@4.1.12
cat >server.mjs <<'JS'
import { createServer } from 'node:http'
import { spawn } from 'node:child_process'
let requests = 0
const server = createServer((_req, res) => (requests++, res.writeHead(404).end())).listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`
  const child = spawn('npx', ['durable-streams-server-conformance', '--run', url], { stdio: 'pipe' })
  let said = ''
  for (const out of [child.stdout, child.stderr]) out.on('data', data => (said += data))
  child.on('exit', code => {
    console.log(`code: ${code}, requests: ${requests}, none found: ${said.includes('No test files found')}`)
    server.close()
  })
})
JS
bin=$(node -p 'Object.keys(require("@durable-streams/server-conformance-tests/package.json").bin)[0]')
sed -i "s/durable-streams-server-conformance/$bin/" server.mjs
node server.mjs | tee seen
grep -qx 'code: 1, requests: 0, none found: true' seen
