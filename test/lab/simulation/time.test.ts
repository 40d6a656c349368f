import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const file = join(import.meta.dirname, '..', '..', '..', 'src', 'lab', 'simulation', 'time.ts')

/** Runs a program in a process of its own, whose clock is virtual. */
function told(program: string): unknown {
  const source = `import { VirtualTime } from ${JSON.stringify(file)}
const time = new VirtualTime(1_000_000)
time.install()
const said = []
${program}
process.stdout.write(JSON.stringify(said))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' })
  equal(stderr, '')
  return JSON.parse(stdout)
}

test('timers ring in their order, and an hour passes at once', () => {
  const said = told(`
setTimeout(() => said.push(['late', performance.now(), Date.now()]), 3_600_000)
setTimeout(() => said.push(['soon', performance.now()]), 5)
const off = setTimeout(() => said.push('never'), 10)
clearTimeout(off)
await time.run(() => said.length === 2)`)
  deepEqual(said, [
    ['soon', 5],
    ['late', 3_600_000, 4_600_000],
  ])
})

test('promises settle before time goes on, and intervals go on until they are cleared', () => {
  const said = told(`
const wait = ms => new Promise(resolve => setTimeout(resolve, ms))
const ticks = setInterval(() => said.push('tick ' + performance.now()), 10)
const work = (async () => { await wait(10); await null; await wait(15); clearInterval(ticks); said.push('done ' + performance.now()) })()
let over = false
work.then(() => (over = true))
await time.run(() => over)
await time.run(() => false)`)
  deepEqual(said, ['tick 10', 'tick 20', 'done 25'])
})
