import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import test from 'node:test'
import { outline, ruleset, type Port } from '../../provisioner/firewall.ts'
import { ledAnew, type Grounds } from '../../provisioner/grounds.ts'
import { addresses, firstId, IDS, instance, INSTANCES, linkLocal } from '../../provisioner/instance.ts'

const all = Array.from({ length: INSTANCES }, (_, number) => instance(number, 'fd12:3456:789a'))

test('no two sites of any two houses share an id, and all ids stay below 2^31', () => {
  const ranges = all.flatMap(each => [[firstId(each, 0), firstId(each, each.slots - 1) + IDS]] as [number, number][]).sort((a, b) => a[0] - b[0])
  for (const [index, [first]] of ranges.entries()) assert.ok(index === 0 || first >= ranges[index - 1]![1])
  assert.ok(ranges.at(-1)![1] <= 2 ** 31)
  assert.ok(ranges[0]![0] >= 0x1000_0000)
})

test('addresses of different slots differ and stay in the instance’s networks', () => {
  for (const each of all) {
    const seen = new Set<string>()
    for (let slot = 0; slot < each.slots; slot++) for (const address of Object.values(addresses(each, slot))) seen.add(address)
    assert.equal(seen.size, 3 * each.slots)
    const [, , third] = addresses(each, each.slots - 1).ipv4.split('.').map(Number)
    assert.ok(third! >= 16 * each.number && third! < 16 * each.number + 16)
  }
  assert.deepEqual(addresses(all[0]!, 0), { ipv4: '10.213.0.2', ipv6: 'fd12:3456:789a::2', mac: '02:a0:be:00:00:02' })
})

test('a link-local address is what Linux makes of the MAC', () => assert.equal(linkLocal('02:a0:be:0f:00:05'), 'fe80::a0:beff:fe0f:5'))

/** How nft lists rules that it was given, in a network namespace of their own. */
const loaded = (rules: string): string =>
  execFileSync('unshare', ['--net', 'sh', '-c', 'nft --file - && nft --terse --stateless list ruleset'], { input: rules, encoding: 'utf8' })

test('nft takes the rules, with pods and without, and lists them chain by chain and rule by rule', () => {
  const leads = [{ address: '2001:db8:1:2:a0be:1:2:3', port: 5432, side: 4001 }]
  const ports = [{ veth: 'veth1', online: true, ...addresses(all[3]!, 1) }, { veth: 'veth2', online: false, ...addresses(all[3]!, 2) }]
  const rules = (grounds: Grounds | null, pods: Port[]) => ruleset({ instance: { ...all[3]!, id: 'augcheck' }, resolvers: ['192.0.2.1', '2001:db8::1'], grounds, leads }, pods)
  for (const pods of [[], ports]) for (const grounds of [null, { prefix: '2001:db8:1:2::/64', ports: [80, 443], sides: [], kept: [] }, { prefix: '2001:db8:1:2::/64', ports: [80, 443], sides: [4001, 4002], kept: [] }]) assert.equal(outline(loaded(rules(grounds, pods))), outline(rules(grounds, pods)))
  const empty = ruleset({ instance: { ...all[3]!, id: 'augcheck' }, resolvers: [], grounds: { prefix: '2001:db8:1:2::/64', ports: [80], sides: [4001], kept: [] }, leads: [] }, [])
  for (const led of [leads, []]) execFileSync('nft', ['--check', '--file', '-'], { input: empty + ledAnew({ ...all[3]!, id: 'augcheck' }, led) })
})
