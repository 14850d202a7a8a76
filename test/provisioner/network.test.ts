// A hostile pod against the network: its neighbours, the host, the internet's mail and metadata services, the firewall itself.
// Raw frames are sent as root in the pod's own network namespace, which is more than the pod can do itself.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { execInPod } from '../../provisioner/container.ts'
import type { Host } from '../../provisioner/host.ts'
import { addresses, gateway, linkLocal, netnsName } from '../../provisioner/instance.ts'
import { run } from '../../provisioner/run.ts'
import { until } from '../helpers/patience.ts'
import { advertisement, arp, BROADCAST, echo4, ethernet, router, send, solicitation, syn4, tagged, TOKEN, udp4, udp6, watch } from './hostile/frames.ts'
import { internet, METADATA, PRIVATE, PUBLIC } from './hostile/internet.ts'
import { house, page, spec } from './house.ts'

const CALLS_IPTABLES = '/proc/sys/net/bridge/bridge-nf-call-iptables'

const inside = (host: Host, name: string, script: string) => run(execInPod(host, name, { command: ['bash', '-c', `exec 2>&1; ${script}; true`] }))
const php = (host: Host, name: string, code: string) => run(execInPod(host, name, { command: ['php', '-r', code] }))

/** What a connection from inside a pod hears first, or how it failed. */
const says = (host: Host, name: string, address: string, port: number) =>
  php(host, name, `$s = @stream_socket_client('tcp://${address.includes(':') ? `[${address}]` : address}:${port}', $n, $why, 2); echo $s ? fgets($s) : $why;`)

async function two(t: TestContext) {
  const set = await house(t)
  for (const name of ['alice', 'bob']) await set.client.create(name, spec())
  const { host } = set
  const at = (slot: number) => addresses(host.instance, slot)
  const bridge = { mac: `02:a0:be:${host.instance.number.toString(16).padStart(2, '0')}:ff:01`, ...gateway(host.instance) }
  return { ...set, alice: at(0), bob: at(1), bridge, netns: (name: string) => netnsName(host.instance, name) }
}

type Stage = Awaited<ReturnType<typeof two>>

/** Frames of alice under her own addresses, which may reach the host but no pod. */
function honest({ alice, bob, bridge }: Stage): Buffer[] {
  const me = { mac: alice.mac, ip: alice.ipv4 }
  const to = (mac: string, type: number, payload: Buffer) => ethernet(mac, alice.mac, type, payload)
  return [
    to(BROADCAST, 0x0806, arp(1, me, { mac: '00:00:00:00:00:00', ip: bob.ipv4 })), to(bob.mac, 0x0806, arp(2, me, { mac: bob.mac, ip: bob.ipv4 })),
    to(bob.mac, 0x0800, udp4(alice.ipv4, bob.ipv4)), to(bridge.mac, 0x0800, udp4(alice.ipv4, bob.ipv4)), to(BROADCAST, 0x0800, udp4(alice.ipv4, '255.255.255.255')),
    to('01:00:5e:00:00:fb', 0x0800, udp4(alice.ipv4, '224.0.0.251')), to(bob.mac, 0x86dd, udp6(alice.ipv6, bob.ipv6)), to(bridge.mac, 0x86dd, udp6(alice.ipv6, bob.ipv6)),
    to(bridge.mac, 0x86dd, udp6(linkLocal(alice.mac), linkLocal(bob.mac))), to('33:33:00:00:00:01', 0x86dd, udp6(alice.ipv6, 'ff02::1')),
    to(bob.mac, 0x86dd, solicitation(alice.ipv6, bob.ipv6, bob.ipv6, alice.mac)), to(bob.mac, 0x86dd, advertisement(alice.ipv6, bob.ipv6, bridge.ipv6, alice.mac)),
  ]
}

/** Frames that claim another sender, another role or another kind: they reach nobody at all. */
function forged({ alice, bob, bridge }: Stage): Buffer[] {
  const claim = (ip: string, mac = alice.mac) => arp(2, { mac, ip }, { mac: bridge.mac, ip: bridge.ipv4 })
  const to = (mac: string, type: number, payload: Buffer, from = alice.mac) => ethernet(mac, from, type, payload)
  const allNodes = '33:33:00:00:00:01'
  return [
    ...[bridge.mac, bob.mac, BROADCAST].flatMap(mac => [to(mac, 0x0806, claim(bob.ipv4)), to(mac, 0x0806, claim(bridge.ipv4)), to(mac, 0x0806, claim(alice.ipv4, bob.mac)), to(mac, 0x0806, claim('0.0.0.0'))]),
    ...[bob.ipv4, bridge.ipv4, '198.51.100.2', '127.0.0.1', '0.0.0.0'].map(ip => to(bridge.mac, 0x0800, udp4(ip, bridge.ipv4))),
    ...[bob.ipv6, bridge.ipv6, '2001:db8:6::2', '::1', '::', linkLocal(bob.mac)].map(ip => to(bridge.mac, 0x86dd, udp6(ip, bridge.ipv6))),
    to(bridge.mac, 0x0800, udp4(bob.ipv4, bridge.ipv4), bob.mac), to(bob.mac, 0x0800, udp4(alice.ipv4, bob.ipv4), bridge.mac), to(bridge.mac, 0x0800, udp4(alice.ipv4, bridge.ipv4), BROADCAST),
    to(bridge.mac, 0x86dd, advertisement(bob.ipv6, bridge.ipv6, bob.ipv6, alice.mac)), to(bridge.mac, 0x86dd, solicitation(linkLocal(bob.mac), bridge.ipv6, bridge.ipv6, alice.mac)),
    ...[false, true].flatMap(extension => [alice.ipv6, linkLocal(alice.mac), 'fe80::1'].map(from => to(allNodes, 0x86dd, router(from, alice.mac, extension)))),
    ...[0x8100, 0x88a8].flatMap(type => [tagged(to(bob.mac, 0x0800, udp4(alice.ipv4, bob.ipv4)), type), tagged(to(bridge.mac, 0x0800, udp4(bob.ipv4, bridge.ipv4)), type), tagged(to(BROADCAST, 0x0806, claim(bob.ipv4)), type)]),
    ...['01:80:c2:00:00:00', '01:80:c2:00:00:03', '01:80:c2:00:00:0e', BROADCAST, bob.mac].flatMap(mac => [0x88cc, 0x888e, 0x8863, 0x0026].map(type => to(mac, type, TOKEN))),
  ]
}

for (const calls of ['0', '1']) {
  test(`no raw frame of a pod reaches another, and none under a false name the host (bridge-nf-call-iptables ${calls})`, async t => {
    const before = readFileSync(CALLS_IPTABLES, 'utf8')
    t.after(() => writeFileSync(CALLS_IPTABLES, before))
    writeFileSync(CALLS_IPTABLES, calls)
    const stage = await two(t)
    const { host, alice, bob, bridge, netns } = stage
    const atBob = await watch(t, 'eth0', netns('bob'))
    const atHost = await watch(t, host.instance.id)
    const neighbours = () => run(['ip', 'neighbour', 'show', 'dev', host.instance.id, 'nud', 'permanent'])
    const known = await neighbours()

    await send(netns('alice'), 'eth0', [...forged(stage), ...honest(stage)])
    const last = ethernet(bridge.mac, alice.mac, 0x0800, udp4(alice.ipv4, bridge.ipv4, 10))
    await send(netns('alice'), 'eth0', [last])
    await atHost.until(frame => frame.equals(last))
    const socket = createSocket('udp4')
    t.after(() => socket.close())
    socket.send('from the host', 9, bob.ipv4)
    await atBob.until(frame => frame.includes('from the host'))

    assert.deepEqual(atBob.seen.filter(frame => frame.includes(TOKEN)).map(String), [], 'bob hears nothing')
    const heard = atHost.seen.filter(frame => forged(stage).some(each => each.equals(frame)))
    assert.deepEqual(heard.map(frame => frame.toString('hex')), [], 'the host hears nothing that is forged')
    assert.equal(await neighbours(), known, 'and believes nothing')
    const learnt = await run(['bridge', 'fdb', 'show', 'br', host.instance.id])
    assert.equal(learnt.split('\n').filter(line => line.startsWith(bob.mac)).length, 1, 'nor does the bridge')
  })
}

test('a pod has no raw sockets and changes nothing of its network', async t => {
  const { host, client, netns } = await two(t)
  await client.wake('alice')
  const perl = (code: string) => inside(host, 'alice', `perl -e '${code}'`)
  assert.match(await perl('socket(S, 17, 3, 768) or print "packet: $!"'), /packet: Function not implemented/)
  for (const [family, kinds] of [[2, [1, 6, 17, 255]], [10, [58, 255]]] as const) {
    for (const kind of kinds) assert.match(await perl(`socket(S, ${family}, 3, ${kind}) or print "raw: $!"`), /raw: Operation not permitted/)
  }
  assert.match(await perl('socket(S, 2, 2, 1) and print "ping works"'), /ping works/)
  // Adds an address (RTM_NEWADDR), a route (RTM_NEWROUTE) and takes the interface down (RTM_NEWLINK) by netlink.
  const netlink = (type: number, body: string) => perl(`socket(S, 16, 3, 0) or die; my $b = pack("H*", "${body}"); send(S, pack("I S S I I", 16 + length $b, ${type}, 5, 1, 0) . $b, 0); recv(S, my $r, 999, 0); print "errno ", -unpack("x16 i", $r)`)
  assert.equal(await netlink(20, '022000000200000008000200' + '0ad51063'), 'errno 1')
  assert.equal(await netlink(24, '02200000fe030001000000000800010001010101'), 'errno 1')
  assert.equal(await netlink(16, '00000000020000000000000001000000'), 'errno 1')
  assert.match(await run(['ip', '-n', netns('alice'), 'link', 'show', 'eth0']), /state UP/)
})

test("the whole machine's tables of neighbours and of routes stay out of a pod's reach", async t => {
  const { host, client, alice, bridge, netns } = await two(t)
  await client.wake('alice')
  const prefix = alice.ipv4.split('.').slice(0, 2).join('.')
  const third = Number(alice.ipv4.split('.')[2])
  const code = `$u = socket_create(AF_INET, SOCK_DGRAM, 0); $v = socket_create(AF_INET6, SOCK_DGRAM, 0);
    for ($i = 1; $i < 3000; $i++) { @socket_sendto($u, 'x', 1, 0, '${prefix}.' . (${third} + ($i >> 8)) . '.' . ($i & 255), 9);
    foreach (['${host.instance.ula}::9:', 'fe80::9:'] as $net) @socket_sendto($v, 'x', 1, 0, $net . dechex($i), 9); } echo 'done';`
  const without = `$u = stream_socket_client('udp://127.0.0.1:9'); for ($i = 1; $i < 3000; $i++) foreach (['${prefix}.' . (${third} + ($i >> 8)) . '.' . ($i & 255), '[${host.instance.ula}::9:' . dechex($i) . ']', '[fe80::9:' . dechex($i) . '%2]'] as $to) { $s = @stream_socket_client("udp://$to:9"); if ($s) @fwrite($s, 'x'); } echo 'done';`
  assert.match(await php(host, 'alice', `if (function_exists('socket_create')) { ${code} } else { ${without} }`), /done/)
  const asked = (await run(['ip', '-n', netns('alice'), 'neighbour', 'show'])).trim().split('\n').filter(Boolean)
  assert.ok(asked.every(line => line.startsWith(`${bridge.ipv4} `) || line.startsWith(`${bridge.ipv6} `)), asked.slice(0, 5).join('\n'))
})

test('a pod reaches the internet, but no mail server, no metadata service, no private network, and the host at none of its addresses', async t => {
  const { host, client, bob, bridge } = await two(t)
  await internet(t)
  await client.wake('alice')
  await client.wake('bob')
  const { port } = await listening(t)
  const own = (JSON.parse(await run(['ip', '-json', 'address', 'show', 'scope', 'global'])) as { addr_info: { local?: string }[] }[]).flatMap(link => link.addr_info.flatMap(({ local }) => local ?? []))
  const families = ['ipv4', 'ipv6'] as const
  const reached = families.map(family => [PUBLIC[family], 80, /hello from/] as const)
  const refused = families.flatMap(family => [25, 465, 587].map(mail => [PUBLIC[family], mail, /refused/] as const))
  const never = [...families.flatMap(family => [METADATA[family], PRIVATE[family], bob[family], bridge[family]].map(address => [address, 80] as const)), ...own.map(address => [address, port] as const), ...host.resolvers.map(address => [address, 80] as const)]
  for (const [address, at, answer] of [...reached, ...refused]) assert.match(await says(host, 'alice', address, at), answer, `${address}, port ${at}`)
  await Promise.all(never.map(async ([address, at]) => assert.doesNotMatch(await says(host, 'alice', address, at), /hello|HTTP/, `${address}, port ${at}`)))
  assert.equal(await inside(host, 'alice', 'curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1/'), '200', 'its loopback is its own')
})

test('what a site may reach is its own choice, takes effect at once, and visitors are answered all the same', async t => {
  const { host, client } = await two(t)
  await internet(t)
  const { pod } = await client.wake('alice')
  const open = php(host, 'alice', `$s = stream_socket_client('tcp://${PUBLIC.ipv4}:80'); fgets($s); touch('/tmp/open'); stream_set_timeout($s, 3);
    while (!file_exists('/tmp/closed')) usleep(10000); fwrite($s, "again\\n"); echo fgets($s) === false ? 'cut off' : 'still open';`)
  await until('a connection is open', async () => (await inside(host, 'alice', 'test -e /tmp/open && echo yes')).includes('yes'))
  await client.update('alice', { ...spec(), egress: 'none' })
  await inside(host, 'alice', 'touch /tmp/closed')
  assert.equal(await open, 'cut off')
  for (const address of [PUBLIC.ipv4, PUBLIC.ipv6, ...host.resolvers]) assert.doesNotMatch(await says(host, 'alice', address, 53), /hello/, address)
  for (const address of [pod.ipv4, pod.ipv6]) assert.equal((await page(address)).status, 200)
  await client.sleep('alice', 'asleep')
  await client.wake('alice')
  assert.doesNotMatch(await says(host, 'alice', PUBLIC.ipv4, 80), /hello/, 'also after it slept')
  await client.update('alice', spec())
  assert.match(await says(host, 'alice', PUBLIC.ipv4, 80), /hello/)
})

test("a pod's new conversations are rationed, in a second and in all, and so are its pings; its neighbour's not", async t => {
  const { alice, bob, bridge, netns } = await two(t)
  const { arrived, pinged } = await internet(t)
  const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)
  const flood = (name: 'alice' | 'bob', from: number, count: number, packet: typeof syn) => send(netns(name), 'eth0', range(from, count).map(source => ethernet(bridge.mac, { alice, bob }[name].mac, 0x0800, packet({ alice, bob }[name].ipv4, source))))
  const syn = (from: string, source: number) => syn4(from, PUBLIC.ipv4, source)
  const datagram = (from: string, source: number) => udp4(from, PUBLIC.ipv4, 9, source)
  const began = performance.now()
  await flood('alice', 1024, 5000, syn)
  const seconds = (performance.now() - began) / 1000
  const first = await arrived()
  assert.ok(first >= 300 && first <= 450 + 100 * seconds, `${first} SYNs of 5000 in ${seconds} s`)
  await flood('bob', 1024, 50, syn)
  assert.equal(await arrived(), first + 50, "bob's pass")
  const held = async () => (await arrived()) - first - 50
  let source = 1024
  await until('the conversations are as many as there may be', async () => { await flood('alice', (source += 100), 100, datagram); return (await held()) >= 1024 })
  for (let more = 0; more < 12; more++) await flood('alice', (source += 100), 100, datagram)
  assert.equal(await held(), 1024)
  const ping = performance.now()
  await flood('bob', 1, 2000, (from, sequence) => echo4(from, PUBLIC.ipv4, sequence))
  const pings = await pinged()
  const allowed = 55 + 20 * (performance.now() - ping) / 1000
  assert.ok(pings >= 20 && pings <= allowed, `${pings} pings of one conversation of 2000`)
})

test('rules that another program removes are back at once', async t => {
  const { host, alice, bridge, netns } = await two(t)
  const { id } = host.instance
  const listing = () => Promise.all(['inet', 'bridge'].map(family => run(['nft', '--stateless', 'list', 'table', family, id]))).catch(() => null)
  const whole = await listing()
  const removals = [['delete', 'table', 'inet', id], ['delete', 'table', 'bridge', id], ['flush', 'table', 'bridge', id], ['flush', 'chain', 'inet', id, 'to_host']]
  // The next one comes as soon as the rules are back, when the guard hasn't looked at them yet.
  for (const argv of [...removals, ...removals, ...removals]) {
    await run(['nft', ...argv])
    await until(`${argv.join(' ')} is mended`, async () => JSON.stringify(await listing()) === JSON.stringify(whole))
  }
  const atHost = await watch(t, id)
  const spoofed = ethernet(bridge.mac, alice.mac, 0x0800, udp4('10.0.0.1', bridge.ipv4))
  const last = ethernet(bridge.mac, alice.mac, 0x0800, udp4(alice.ipv4, bridge.ipv4))
  await send(netns('alice'), 'eth0', [spoofed, last])
  await atHost.until(frame => frame.equals(last))
  assert.equal(atHost.seen.some(frame => frame.equals(spoofed)), false)
})

async function listening(t: TestContext): Promise<AddressInfo> {
  const server = createServer(socket => socket.end('hello\n')).listen(0, '::')
  await once(server, 'listening')
  t.after(() => server.close())
  return server.address() as AddressInfo
}
