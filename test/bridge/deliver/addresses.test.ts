import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { admitting } from '../../../src/bridge/deliver/addresses.ts'

const inside = `
  127.0.0.1 127.255.0.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 100.64.0.1 169.254.169.254
  224.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 240.0.0.1 168.63.129.16 100.100.100.200
  :: ::1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 fec0::1 2001:db8::1 2001:0::1
  ::ffff:127.0.0.1 ::ffff:7f00:1 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::
`.split(/\s+/)

test('what leads inside is not connected to, however it is written', () => {
  const admits = admitting([])
  deepEqual(inside.filter(admits), [])
  deepEqual(['1.1.1.1', '93.184.216.34', '2606:4700::1111', '::ffff:1.1.1.1'].filter(admits).length, 4)
})

test('ranges that are allowed are, and nothing around them', () => {
  const admits = admitting(['10.1.0.0/16', '127.0.0.1', 'fd00::/64'])
  deepEqual(['10.1.9.9', '127.0.0.1', '::ffff:10.1.0.1', 'fd00::5'].map(admits), [true, true, true, true])
  deepEqual(['10.2.0.1', '127.0.0.2', 'fd00:0:0:1::5', '::1'].map(admits), [false, false, false, false])
})
