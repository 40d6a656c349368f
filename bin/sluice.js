#!/usr/bin/env node
// Plain enough for any Node that has import(): an older one is to get a sentence, not a syntax error.
var major = Number(process.versions.node.split('.')[0])

if (major < 24) {
  process.stderr.write('Sluice needs Node 24 or newer; this is Node ' + process.versions.node + '.\n')
  process.exitCode = 1
} else {
  // a checkout has the source, which Node runs as it is; the package has only what was built from it
  import('../src/main.ts').catch(function (error) {
    var absent = error.code === 'ERR_MODULE_NOT_FOUND' && /src[\\/]main\.ts'/.test(error.message)
    if (!absent) throw error
    return import('../dist/src/main.js')
  })
}
