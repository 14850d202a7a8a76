// The IPv6 network of a house with a prefix: every site at an address of its own, for visitors that have IPv6 only, IPv4 only, through a real resolver.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { dataFor, startHouse, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { DOORS, HOUSE, village, VISITOR, ZONE, type Place, type Village } from '../helpers/village.ts'
import { addressOf, ok, PREFIXED, rows, settle, type Row } from './villagers.ts'

const launcher = fileURLToPath(new URL('../../bin/auberge.mjs', import.meta.url))
const dig = async (at: Place, name: string, type: string) => (await at.run('dig', '+short', '+time=3', '+tries=3', name, type)).stdout.trim()
const curl = (at: Place, ...words: string[]) => at.run('curl', '--silent', '--show-error', '--noproxy', '*', '--max-time', '20', ...words)
/** Status of a request for a host that goes to an address. */
async function statusAt(at: Place, address: string, host: string, ...words: string[]): Promise<string> {
  const to = address.includes(':') ? `[${address}]` : address
  return (await curl(at, '--output', '/dev/null', '--write-out', '%{http_code}', '--header', `Host: ${host}`, ...words, `http://${to}/`)).stdout
}

test('with a prefix each site has an IPv6 address of its own, and everyone reaches it by the resolver', { timeout: 240_000 }, async t => {
  const data = dataFor(t)
  const around = await village(t)
  const house = await startHouse(t, { data, netns: around.house.netns, args: PREFIXED })
  for (const name of ['alice', 'bob']) await settle(t, house, name)
  const [alice, bob] = [await addressOf(house, 'alice'), await addressOf(house, 'bob')]
  await t.test('addresses differ, are in the prefix, and the panel keeps the house\'s', () => listed(house, alice, bob))
  await t.test('the doctor finds the prefix at work, and that this small world has no way out', () => examined(around, house))
  await t.test('DNS says so, through a resolver that is asked over IPv4 or IPv6', () => resolved(around, alice, bob))
  await t.test('a visitor with IPv6 alone and one with IPv4 alone see the site, which sees their real addresses', () => visited(around))
  await t.test('a site\'s address answers for that site alone; shared addresses answer for all', () => separate(around, alice, bob))
  await t.test('no other program of the host answers there, nor a pod at the address of its own', () => closed(t, around, house, alice))
  await t.test('a pod reaches no site by its address, its own neither', () => inward(house, alice, bob))
  await t.test('the address is the same after a restart, the prefix is local once, and nothing is left at the end', () => lasting(t, around, house, alice))
})

async function listed(house: TestHouse, alice: string, bob: string): Promise<void> {
  assert.match(alice, /^2001:db8:1:2:a0be:/)
  assert.match(bob, /^2001:db8:1:2:a0be:/)
  assert.notEqual(alice, bob)
  const all = await rows(house)
  assert.deepEqual([all.get(ZONE)?.ipv6, all.get(ZONE)?.ipv4], [[HOUSE.ipv6], [HOUSE.ipv4]])
  const shown = JSON.parse(await ok(house, 'site', 'show', 'alice', '--json')) as Row
  assert.deepEqual([shown.ipv4, shown.ipv6], [[HOUSE.ipv4], [alice]])
}

async function examined({ house: at }: Village, house: TestHouse): Promise<void> {
  const { stdout } = await at.run(process.execPath, launcher, 'doctor', '--data', house.data)
  assert.match(stdout, /^ok +IPv6 prefix: 2001:db8:1:2::\/64 is this host's/m)
  assert.match(stdout, /^warn +IPv6 route: this host has no default route/m)
}

async function resolved({ six, four }: Village, alice: string, bob: string): Promise<void> {
  for (const at of [six, four]) {
    assert.deepEqual([await dig(at, `alice.${ZONE}`, 'AAAA'), await dig(at, `bob.${ZONE}`, 'AAAA')], [alice, bob])
    assert.deepEqual([await dig(at, `alice.${ZONE}`, 'A'), await dig(at, ZONE, 'AAAA')], [HOUSE.ipv4, HOUSE.ipv6])
  }
}

async function visited({ six, four }: Village): Promise<void> {
  assert.equal((await curl(six, `http://alice.${ZONE}/`)).stdout, `alice.${ZONE} sees ${VISITOR.ipv6}`)
  assert.equal((await curl(four, `http://alice.${ZONE}/`)).stdout, `alice.${ZONE} sees ${VISITOR.ipv4}`)
  assert.equal((await curl(six, '--insecure', `https://bob.${ZONE}/`)).stdout, `bob.${ZONE} sees ${VISITOR.ipv6}`)
}

async function separate({ six, four }: Village, alice: string, bob: string): Promise<void> {
  const nobody = alice.replace(/[^:]+$/, 'dead')
  const cases: [Place, string, string, string][] = [
    [six, alice, `alice.${ZONE}`, '200'], [six, alice, `bob.${ZONE}`, '421'], [six, bob, `alice.${ZONE}`, '421'], [six, alice, ZONE, '421'],
    [six, alice, `nobody.${ZONE}`, '404'], [six, nobody, `alice.${ZONE}`, '421'], [six, nobody, ZONE, '421'],
    [six, HOUSE.ipv6, `alice.${ZONE}`, '200'], [six, HOUSE.ipv6, ZONE, '200'], [four, HOUSE.ipv4, `alice.${ZONE}`, '200'], [four, HOUSE.ipv4, `bob.${ZONE}`, '200'],
  ]
  for (const [at, address, host, status] of cases) assert.equal(await statusAt(at, address, host), status, `${host} at ${address}`)
  const tls = ['--insecure', '--output', '/dev/null', '--write-out', '%{http_code} %{http_version}', '--connect-to', `bob.${ZONE}:443:[${alice}]:443`]
  assert.equal((await curl(six, ...tls, `https://bob.${ZONE}/`)).stdout, '421 2')
}

async function closed(t: TestContext, { six, house: host }: Village, house: TestHouse, alice: string): Promise<void> {
  const pod = (await rows(house)).get(`alice.${ZONE}`)?.upstream ?? ''
  assert.match(pod, /^10\./)
  const inside = JSON.parse((await host.run('ip', '-6', '-json', 'neigh', 'show', 'nud', 'permanent')).stdout) as { dst: string }[]
  const ula = inside.map(each => each.dst).find(address => address.startsWith('fd')) ?? ''
  assert.match(ula, /^fd/)
  const open = async (address: string, port: number) => (await six.run('curl', '--silent', '--max-time', '3', '--output', '/dev/null', `http://[${address}]:${port}/`)).code === 0
  assert.equal(await open(ula, 80), false, 'the pod itself')
  // Something of the host's own that listens on every address.
  const other = await listener(t, host)
  assert.equal(await open(HOUSE.ipv6, other), true, 'it does listen')
  assert.equal(await open(alice, other), false)
}

/** An HTTP server on all addresses of a namespace; its port. */
async function listener(t: TestContext, { netns }: Place): Promise<number> {
  const script = 'require("node:http").createServer((_, answer) => answer.end("here")).listen(0, "::", function () { console.log(this.address().port) })'
  const child = spawn('ip', ['netns', 'exec', netns, process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  return Number(String((await once(child.stdout, 'data'))[0]))
}

async function inward(house: TestHouse, ...addresses: string[]): Promise<void> {
  await ok(house, 'site', 'wake', 'alice')
  const reaches = async (url: string) => (await house.auberge('site', 'exec', 'alice', '--', 'curl', '-s', '-o', '/dev/null', '--max-time', '3', url)).code
  assert.equal(await reaches('http://[::1]/'), 0, 'curl itself works')
  for (const address of addresses) assert.notEqual(await reaches(`http://[${address}]/`), 0, address)
}

const locals = async (at: Place) => (await at.run('ip', '-6', 'route', 'show', 'table', 'local')).stdout.split('\n').filter(line => line.includes(HOUSE.prefix)).length

async function lasting(t: TestContext, { house: at, six }: Village, house: TestHouse, alice: string): Promise<void> {
  const [before] = await house.pids('provisioner')
  process.kill(before ?? 0, 'SIGKILL')
  await until('the provisioner is back', async () => (await house.pids('provisioner')).some(pid => pid !== before) && (await house.auberge('image', 'list')).code === 0)
  assert.equal(await locals(at), 1)
  assert.equal((await curl(six, `http://alice.${ZONE}/`)).code, 0)
  await house.stop()
  assert.equal(await locals(at), 0)
  const again = await startHouse(t, { data: house.data, netns: at.netns, args: PREFIXED })
  assert.equal(await addressOf(again, 'alice'), alice)
  assert.equal(await locals(at), 1)
  const doomed = [await again.pids('provisioner'), await again.pids('supervisor')].flat()
  for (const pid of doomed) process.kill(pid, 'SIGKILL')
  await again.stop()
  const without = await startHouse(t, { data: house.data, netns: at.netns, args: DOORS })
  assert.equal(await locals(at), 0)
  assert.equal(await addressOf(without, 'alice'), HOUSE.ipv6)
}
