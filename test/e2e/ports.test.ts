// Ports of a site's own in a whole house: who is let in where, waking, and what closes them.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { dataFor, startHouse, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { HOUSE, village, VISITOR, ZONE, type Place, type Village } from '../helpers/village.ts'
import { addressOf, ok, PREFIXED, rows, settle } from './villagers.ts'

const [HIGH, LOW] = [7000, 22]

/** In a pod: what a page starts beside its site. It says on two ports who comes, and what it hears in capitals. */
const SERVER = `<?php
$all = array_map(fn($port) => stream_socket_server("tcp://0.0.0.0:$port"), [${HIGH}, ${LOW}]);
$doors = $all;
while (true) {
  $ready = $all; $none = null;
  stream_select($ready, $none, $none, null);
  foreach ($ready as $one) {
    if (in_array($one, $doors, true)) { $new = stream_socket_accept($one, 1, $peer); if ($new) { $all[] = $new; fwrite($new, "from $peer\\n"); } continue; }
    $text = fread($one, 4096);
    if ($text === '' || $text === false) { fclose($one); $all = array_filter($all, fn($each) => $each !== $one); } else fwrite($one, strtoupper($text));
  }
}`

/** Connects, says a word, prints all that comes until the word comes back; with \`stay\`, until the other end is gone, and how it went. */
const CLIENT = `
const [address, port, word, stay] = process.argv.slice(1)
const socket = require('node:net').connect({ host: address, port: Number(port) }, () => socket.write(word))
let text = ''
socket.on('data', bytes => { text += bytes; if (text.endsWith(word.toUpperCase()) && !stay) { console.log(text); process.exit(0) } if (stay) console.log('heard') })
socket.on('error', error => { console.log(error.code); process.exit(1) })
socket.on('close', () => { console.log('CLOSED'); process.exit(1) })
setTimeout(() => { console.log('LATE'); process.exit(2) }, 20000)`

const START = '<?php exec("setsid php server.php </dev/null >/dev/null 2>&1 &"); echo "started";'

const talk = async (at: Place, address: string, port: number) => (await at.run(process.execPath, '-e', CLIENT, address, String(port), 'hello')).stdout
/** Whoever is refused at once. */
const REFUSED = /^(ECONNREFUSED|ECONNRESET|CLOSED)$/

async function start(at: Place, name: string): Promise<void> {
  assert.equal((await at.run('curl', '--silent', '--noproxy', '*', '--max-time', '20', `http://${name}.${ZONE}/start.php`)).stdout, 'started')
}

async function serveIn(house: TestHouse, name: string, at: Place): Promise<void> {
  await start(at, name)
  const address = await addressOf(house, name)
  await until('its program listens', async () => (await talk(at, address, HIGH)).includes('HELLO'))
}

test('a port of a site\'s own leads to its pod, wakes it, and is closed by whoever may', { timeout: 280_000 }, async t => {
  const data = dataFor(t)
  const around = await village(t)
  const house = await startHouse(t, { data, netns: around.house.netns, args: [...PREFIXED, '--workers', '2'] })
  for (const name of ['alice', 'bob']) await settle(t, house, name, { 'index.php': 'here', 'server.php': SERVER, 'start.php': START })
  const [alice, bob] = [await addressOf(house, 'alice'), await addressOf(house, 'bob')]
  assert.match(await talk(around.six, alice, HIGH), REFUSED, 'closed until somebody opens it')
  for (const port of [HIGH, LOW]) await ok(house, 'site', 'expose', 'alice', String(port))
  await serveIn(house, 'alice', around.six)
  await t.test('above 1024 and below, to the pod, which sees the gateway or is told of the visitor', () => passed(around, house, alice))
  await t.test('nowhere else, not by the house\'s side doors, and not from another pod', () => elsewhere(around, house, alice, bob))
  await t.test('a frozen site wakes for it, and a connection keeps it awake', () => waking(t, around, house, alice))
  await t.test('a site that is asleep is woken by it alone, and the connection waits until the program listens', () => fromSleep(around, house, alice))
  await t.test('it outlives the provisioner and the relays', () => killed(around, house, alice))
  await t.test('closing the port, suspending the account and deleting the site each end its connections', () => closing(t, around, house, alice))
})

async function passed({ six }: Village, house: TestHouse, alice: string): Promise<void> {
  for (const port of [HIGH, LOW]) assert.match(await talk(six, alice, port), /^from 10\.[\d.]+:\d+\nHELLO$/)
  await ok(house, 'site', 'expose', 'alice', String(HIGH), '--proxy-protocol')
  const said = await talk(six, alice, HIGH)
  assert.ok(said.includes(`PROXY TCP6 ${VISITOR.ipv6.toUpperCase()} ${alice.toUpperCase()} `), said)
  await ok(house, 'site', 'expose', 'alice', String(HIGH))
  assert.match(await ok(house, 'site', 'show', 'alice'), /22, 7000; its owner may open 0/)
}

async function elsewhere({ six, house: host }: Village, house: TestHouse, alice: string, bob: string): Promise<void> {
  const listening = (await host.run('ss', '-Hltn6')).stdout.split('\n').map(line => Number(/\[::\]:(\d+)|\*:(\d+)/.exec(line)?.slice(1).find(Boolean)))
  const sides = listening.filter(port => port > 1024)
  assert.equal(new Set(sides).size, 4)
  const cases: [string, number][] = [[alice, 7001], [bob, HIGH], [HOUSE.ipv6, HIGH], ...sides.flatMap((side): [string, number][] => [[alice, side], [HOUSE.ipv6, side]])]
  const answers = await Promise.all(cases.map(([address, port]) => talk(six, address, port)))
  for (const [n, answer] of answers.entries()) assert.match(answer, REFUSED, cases[n]?.join(' '))
  await ok(house, 'site', 'wake', 'bob')
  assert.notEqual((await house.auberge('site', 'exec', 'bob', '--', 'curl', '-s', '--max-time', '3', `telnet://[${alice}]:${HIGH}`)).code, 0)
  assert.match(await talk(six, alice, HIGH), /HELLO/)
}

/** A connection that stays: resolves with how it ended. */
async function staying(t: TestContext, at: Place, address: string): Promise<{ ended: Promise<string> }> {
  const { promise: heard, resolve: hears } = Promise.withResolvers<void>()
  const ended = at.run(process.execPath, '-e', CLIENT, address, String(HIGH), 'hello', 'stay').then(({ stdout }) => { hears(); return stdout.split('\n').at(-1) ?? '' })
  t.after(() => ended)
  await Promise.race([heard, until('it is counted', async () => (await at.run('ss', '-Htn6', 'state', 'established', 'dst', `[${address}]:${HIGH}`)).stdout.trim() !== '')])
  return { ended }
}

const stateOf = async (house: TestHouse) => (await rows(house)).get(`alice.${ZONE}`)?.state

async function waking(t: TestContext, { six }: Village, house: TestHouse, alice: string): Promise<void> {
  await ok(house, 'site', 'sleep', 'alice', '--tier', 'frozen')
  assert.equal(await stateOf(house), 'frozen')
  assert.match(await talk(six, alice, HIGH), /HELLO/)
  assert.equal(await stateOf(house), 'running')
  const { ended } = await staying(t, six, alice)
  const { code, stderr } = await house.auberge('site', 'sleep', 'alice', '--tier', 'frozen')
  assert.equal(code, 1)
  assert.match(stderr, /answering requests/)
  await ok(house, 'site', 'unexpose', 'alice', String(HIGH))
  assert.match(await ended, REFUSED)
  await ok(house, 'site', 'expose', 'alice', String(HIGH))
}

/** The program that serves the port went with the pod: here a visitor of the site's page starts it, once the connection has woken the pod. */
async function fromSleep({ six }: Village, house: TestHouse, alice: string): Promise<void> {
  await ok(house, 'site', 'sleep', 'alice', '--tier', 'asleep')
  assert.equal(await stateOf(house), 'asleep')
  const said = talk(six, alice, HIGH)
  await until('the connection has woken the site', async () => await stateOf(house) === 'running')
  await start(six, 'alice')
  assert.match(await said, /^from 10\.[\d.]+:\d+\nHELLO$/)
  const [row] = (JSON.parse(await ok(house, 'routes', '--json')) as { host: string; lastWake: { cause: object } | null }[]).filter(({ host }) => host === `alice.${ZONE}`)
  assert.match(JSON.stringify(row?.lastWake?.cause), new RegExp(`TCP.*port ${HIGH}`))
}

async function killed({ six }: Village, house: TestHouse, alice: string): Promise<void> {
  for (const part of ['provisioner', 'relay']) {
    const before = await house.pids(part)
    for (const pid of before) process.kill(pid, 'SIGKILL')
    await until(`${part} is back`, async () => (await house.pids(part)).filter(pid => !before.includes(pid)).length === before.length)
    await until('the port leads to the pod', async () => (await talk(six, alice, HIGH)).includes('HELLO'))
  }
}

async function closing(t: TestContext, { six }: Village, house: TestHouse, alice: string): Promise<void> {
  const ways: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
    ['unexpose', () => ok(house, 'site', 'unexpose', 'alice', String(HIGH)), () => ok(house, 'site', 'expose', 'alice', String(HIGH))],
    ['suspend', () => ok(house, 'account', 'suspend', 'alice'), async () => { await ok(house, 'account', 'resume', 'alice'); await serveIn(house, 'alice', six) }],
    ['delete', () => ok(house, 'site', 'delete', 'alice', '--yes'), async () => {}],
  ]
  for (const [what, close, open] of ways) {
    const { ended } = await staying(t, six, alice)
    await close()
    assert.match(await ended, REFUSED, what)
    assert.match(await talk(six, alice, HIGH), REFUSED, what)
    await open()
  }
}
