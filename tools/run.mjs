// node tools/run.mjs [--as-is] ARGS: installs what is missing (not with --as-is), and runs Node with the arguments; the Node
// that came with the packages, whichever this is. The scripts of package.json begin here, as npm skips `prestart` and its like
// where install scripts are switched off.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { install, runtime } from './install.mjs'

const args = process.argv.slice(2)
if (args[0] === '--as-is') args.shift()
else install()
const child = spawn(runtime(), args, { stdio: 'inherit' })
// a terminal interrupts both; what is sent to this process alone is handed on
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
