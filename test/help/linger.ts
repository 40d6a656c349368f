import { after } from 'node:test'

/**
 * Loaded before each test file of `npm test`. Node bounds the time of a test, and not that of a file: one that still holds a
 * timer or a connection when its tests are over would hold up all others for ever. Such a file fails, and says what it holds.
 */
const limitMs = 60_000

if (process.env['NODE_TEST_CONTEXT'] !== undefined)
  after(() => {
    setTimeout(() => {
      console.error(
        `The tests of this file are over, and it still holds: ${process.getActiveResourcesInfo().join(', ')}`,
      )
      process.exit(1)
    }, limitMs).unref()
  })
