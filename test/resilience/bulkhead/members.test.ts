import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { WindowMembers } from '../../../src/resilience/bulkhead/members.ts'

const wanted = 100
const share = 1 / 8
/** Lets calls of these partitions come, over and over, until the window is full: how many of each it holds, and how many came. */
function fill(members: WindowMembers, partitions: readonly number[]) {
  const held = new Map<number, number>()
  let came = 0
  for (; members.count < wanted; came++) {
    const partition = partitions[came % partitions.length] as number
    if (members.join(partition, share, wanted)) held.set(partition, (held.get(partition) ?? 0) + 1)
  }
  return { held, came }
}

test('of a partition that is used more than others a window holds no more than its share', () => {
  const members = new WindowMembers()
  const { held } = fill(members, [3, 0, 3, 1, 3, 2, 3, 4, 3, 5, 3, 6, 3, 7, 3, 8])
  equal(held.get(3), 13)
  equal(members.join(0, share, wanted), false, 'it is full')
})

test('where partitions are used alike every call is part of a window', () => {
  const { came } = fill(new WindowMembers(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  equal(came, wanted)
})

test('a partition that is alone fills windows too, later ones at once, until others are there', () => {
  const members = new WindowMembers()
  // three join, hundreds pass until it is clear that nobody else comes, and then the rest join
  deepEqual(fill(members, [40]), { held: new Map([[40, wanted]]), came: 4 * wanted + 1 + (wanted - 3) })
  members.clear()
  equal(fill(members, [40]).came, wanted)
  members.clear()
  fill(members, [40, 40, 40, 1]) // it is seen at the end
  members.clear()
  const { held } = fill(members, [40, 0, 40, 1, 40, 2, 40, 3, 40, 4, 40, 5, 40, 6, 40, 7])
  equal(held.get(40), 13)
})

test('who has nothing to say makes room for another, and where nobody knows the partitions all are welcome', () => {
  const members = new WindowMembers()
  for (let i = 0; i < wanted; i++) equal(members.join(0, 1, wanted), true)
  equal(members.join(0, 1, wanted), false)
  members.skip()
  equal(members.join(0, 1, wanted), true)
})
