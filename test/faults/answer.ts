import type { Answer } from './load.ts'

/** What a client got, for tests of those who judge it. */
export const anAnswer = (id: string, over: Partial<Answer> = {}): Answer => ({
  id,
  kind: 'command',
  begun: 1_000,
  ended: 1_010,
  status: 201,
  outcome: 'sent',
  code: '',
  echoed: id,
  ownMs: 9,
  ...over,
})
export const refused = { status: 503, outcome: 'not-sent', code: 'circuit-open', echoed: null } as const
