// The whole house as one file, taken while it runs and its sites are written to; brought back elsewhere, everything is the same.
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { execa } from 'execa'
import { dataFor, startHouse, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { temporary } from '../helpers/temporary.ts'
import { newOwner, zipOf } from './owner.ts'

const launcher = fileURLToPath(new URL('../../bin/auberge.mjs', import.meta.url))
const restore = (file: string, data: string, ...args: string[]) => execa(process.execPath, [launcher, 'restore', file, '--data', data, ...args], { reject: false, stdin: 'ignore' })

async function ok(house: TestHouse, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await house.auberge(...args)
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
  return stdout
}

/** Every row of every table, but for what is being tried just now: that is written down some time after it was tried. */
function tables(data: string): Record<string, unknown[]> {
  const db = new Database(`${data}/registry/auberge.db`, { readonly: true })
  try {
    const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'tries' ORDER BY name").pluck().all() as string[]
    return Object.fromEntries([...names.map(name => [name, db.prepare(`SELECT * FROM ${name} ORDER BY 1, 2`).all()] as [string, unknown[]]), ['version', [db.pragma('user_version', { simple: true })]]])
  } finally {
    db.close()
  }
}

/** All of a site's files: types, modes, owners, times to the nanosecond, links, contents and an attribute. */
const files = (house: TestHouse, site: string) => ok(house, 'site', 'exec', site, '--', 'sh', '-c', `cd /var/www
find . -path ./busy -prune -o -printf "%p %y %m %U:%G %T@ %l " \\( -type d -printf "\\n" -o -printf "%n %s\\n" \\) | sort; find . -path ./busy -prune -o -type f -exec sha256sum {} + | sort; perl -e '$v = "\\0" x 999; $p = "data"; $k = "user.note"; print syscall(191, $p, $k, $v, 999), $v' | tr -d '\\0'`)

/** Fills the site's database when it is asked to, and tells everything that is in it. */
const DATA = `<?php $db = new mysqli(getenv('DB_HOST'), getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'), (int) getenv('DB_PORT'));
if (isset($_GET['fill'])) foreach (["CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, name TEXT CHARACTER SET utf8mb4, photo BLOB)", "CREATE VIEW first AS SELECT name FROM members WHERE id = 1",
  "INSERT INTO members (name, photo) VALUES ('it''s é 🏨', UNHEX('00ff0a27225c'))", "INSERT INTO members (name) SELECT REPEAT('x', seq) FROM seq_1_to_1000"] as $sql) $db->query($sql);
foreach ($db->query('SHOW FULL TABLES')->fetch_all() as [$table, $kind]) {
  echo $table, ' ', $kind, ' ', preg_replace('/DEFINER=\\S+/', '', $db->query("SHOW CREATE TABLE $table")->fetch_row()[1]), "\n";
  foreach ($db->query("SELECT * FROM $table ORDER BY 1")->fetch_all() as $row) echo json_encode(array_map(fn ($v) => $v === null ? null : bin2hex($v), $row)), "\n";
}`

/** What the page above says, once the house's database server is up. */
async function database(house: TestHouse, query = ''): Promise<string> {
  let page = { status: 0, text: '' }
  await until('the database is there', async () => (page = await house.visit('club.localhost', `/data.php${query}`)).status === 200, 60_000)
  return page.text
}

/** Two sites, one awake and written to without pause, a name elsewhere, a deleted site, a token, an invitation and settings of all kinds. */
async function furnished(house: TestHouse) {
  const alice = await newOwner(house, 'alice')
  for (const name of ['club', 'shop', 'old']) assert.equal((await alice.api('POST', '/api/sites', { name })).status, 201)
  assert.equal((await alice.api('POST', '/api/sites', { name: 'home', kind: 'external', addresses: ['192.0.2.9'] })).status, 201)
  for (const name of ['club', 'old']) assert.equal((await alice.raw('PUT', `/api/sites/${name}/content`, { body: await zipOf({ 'index.php': `<?php echo "${name}", getenv("STAGE");`, 'data.php': DATA }) })).status, 200)
  await alice.api('PATCH', '/api/sites/club', { env: { STAGE: ' on stage' }, php: { memory_limit: '64M' }, limits: { memory: 2 ** 27 }, wakeForRobots: true })
  await ok(house, 'invite', 'create', '--uses', '3')
  assert.equal((await alice.api('PUT', '/api/sites/club/records', [{ name: 'ftp', type: 'A', ttl: 60, data: '192.0.2.10' }])).status, 200)
  assert.equal((await house.auberge('zone', 'records', '-', { input: '@ TXT hello there\n' })).code, 0)
  await ok(house, 'site', 'exec', 'shop', '--', 'sh', '-c', `cd /var/www; mkdir -m 0700 data; cd data; echo deep > a; ln a b; ln -s /etc/passwd c; touch -d "2001-02-03 04:05:06.123456789" a
chown 33:33 c -h; mkfifo f; chmod 4711 a; truncate -s 50M sparse; chmod 0771 /var/www
perl -e '$p = "/var/www/data"; $k = "user.note"; $v = "kept"; syscall(188, $p, $k, $v, 4, 0) and die $!'`)
  assert.equal((await alice.api('DELETE', '/api/sites/old')).status, 204)
  return alice
}

test('a house is saved while its sites are written to, and brought back to another directory with everything', { timeout: 300_000 }, async t => {
  const house = await startHouse(t, { https: true })
  const alice = await furnished(house)
  const ca = `${temporary(t)}/ca.pem`
  await ok(house, 'ca', 'export', ca)
  assert.equal((await house.visit('club.localhost')).text, 'club on stage')
  await database(house)
  const rows = await database(house, '?fill')
  assert.match(rows, /first VIEW [^]*members BASE TABLE [^]*"697427[^"]*","00ff0a27225c"[^]*"31303031"/)
  const writer = execa(process.execPath, [launcher, 'site', 'exec', 'club', '--data', house.data, '--', 'sh', '-c', 'mkdir /var/www/busy; cd /var/www/busy; i=0; while :; do i=$((i+1)); for f in one two; do echo $i > .f; mv .f $f; done; done'], { stdin: 'ignore', reject: false })
  await until('the writer writes', async () => (await house.auberge('site', 'exec', 'club', '--', 'cat', '/var/www/busy/two')).code === 0)

  const file = `${temporary(t)}/house.tar`
  const { code, stdout, stderr } = await house.auberge('backup', file, '--with-keys', '--json')
  assert.equal(code, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), { file, bytes: statSync(file).size, zone: 'localhost', sites: 2, keys: true })
  assert.match(stderr, /1\/2 club: .*\n2\/2 shop: /)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  writer.kill()
  await writer
  const registry = tables(house.data)
  const [club, shop] = [await files(house, 'club'), await files(house, 'shop')]
  const finals = readdirSync(`${house.data}/backups`)

  const data = dataFor(t)
  const done = await restore(file, data)
  assert.equal(done.exitCode, 0, done.stderr)
  assert.match(done.stdout, new RegExp(`^2 site\\(s\\) restored to ${data}\\. Start the house with: auberge up --data ${data}$`))
  assert.deepEqual(tables(data), registry)
  assert.deepEqual(readdirSync(`${data}/backups`), finals)
  assert.deepEqual(readFileSync(`${data}/backups/${finals[0]}`), readFileSync(`${house.data}/backups/${finals[0]}`))
  await house.stop()

  const again = await startHouse(t, { data, https: true })
  assert.equal((await again.visit('club.localhost')).text, 'club on stage')
  assert.deepEqual([await again.dig('home.localhost'), await again.dig('ftp.club.localhost'), await again.dig('localhost', 'TXT')], ['192.0.2.9', '192.0.2.10', '"hello there"'])
  assert.equal(await database(again), rows)
  assert.equal(await files(again, 'club'), club)
  assert.equal(await files(again, 'shop'), shop)
  assert.match(shop, /4kept$/, 'attributes are among what is compared')
  const [one, two] = (await ok(again, 'site', 'exec', 'club', '--', 'cat', '/var/www/busy/one', '/var/www/busy/two')).trim().split('\n').map(Number)
  assert.ok(one! - two! === 0 || one! - two! === 1, `${one} ${two}`)
  const session = await again.visit(new URL(again.ready.panel).host, '/api/session', { headers: { authorization: alice.authorization } })
  assert.equal(session.status, 200)
  assert.equal(await again.visitTls('club.localhost', ca), 'club on stage')
  await ok(again, 'final', 'restore', finals[0]!.replace('.tar.gz', ''))
  assert.equal((await again.visit('old.localhost')).text, 'old')
  assert.match(await ok(again, 'site', 'list'), /old +\w+ +alice/)
})

/** A small house's backup. */
async function saved(t: TestContext): Promise<{ house: TestHouse; file: string }> {
  const house = await startHouse(t)
  const bob = await newOwner(house, 'bob')
  assert.equal((await bob.api('POST', '/api/sites', { name: 'bobs' })).status, 201)
  const file = `${temporary(t)}/house.tar`
  await ok(house, 'backup', file)
  return { house, file }
}

test('a restore refuses what is damaged, what is cut off and a directory with something in it, and touches nothing', { timeout: 240_000 }, async t => {
  const { house, file } = await saved(t)
  const refused = async (path: string, data: string, expected: RegExp) => {
    const before = existsSync(data) ? readdirSync(data) : null
    const { exitCode, stderr } = await restore(path, data)
    assert.equal(exitCode, 1, stderr)
    assert.match(String(stderr), expected)
    assert.deepEqual(existsSync(data) ? readdirSync(data) : null, before)
  }
  await refused(file, house.data, /is not empty/)
  const elsewhere = `${temporary(t)}/house`
  const other = (change: (path: string) => void): string => {
    const path = `${temporary(t)}/bad.tar`
    copyFileSync(file, path)
    change(path)
    return path
  }
  const { size } = statSync(file)
  const flip = (at: number) => (path: string) => { const bytes = readFileSync(path); bytes[at]! ^= 1; writeFileSync(path, bytes) }
  await refused(other(flip(600)), elsewhere, /damaged: sites\/bobs\.tar\.gz is not as written/)
  await refused(other(flip(readFileSync(file).indexOf('"madeAt"') + 12)), elsewhere, /manifest does not match/)
  await refused(other(flip(10)), elsewhere, /is no whole backup/)
  for (const cut of [100, 700, size - 3000, size - 20_000]) await refused(other(path => truncateSync(path, cut)), elsewhere, /is no whole backup/)
  await refused(`${file}.nowhere`, elsewhere, /can't be read \(ENOENT\)/)
  const { stderr } = await restore(file, elsewhere, '--runtime', 'none')
  assert.match(String(stderr), /the backup holds sites/)
  assert.deepEqual(readdirSync(elsewhere).filter(name => !name.endsWith('.lock')), [])
})

test('a backup that finds its disk full says so and leaves nothing', async t => {
  const { house } = await saved(t)
  let small = ''
  t.after(() => execa('umount', [small]))
  small = temporary(t)
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'small', small])
  const { code, stderr } = await house.auberge('backup', `${small}/house.tar`)
  assert.equal(code, 1)
  assert.match(stderr, /the disk of \S+house\.tar is full/)
  assert.deepEqual(readdirSync(small), [])
  assert.match((await house.auberge('backup', `${small}/no/where`)).stderr, /can't be written \(ENOENT\)/)
})

test('a restore that was killed half way keeps a house from starting and is done again from the beginning', { timeout: 240_000 }, async t => {
  const { house, file } = await saved(t)
  await house.stop()
  const data = dataFor(t)
  const half = execa(process.execPath, [launcher, 'restore', file, '--data', data], { reject: false, stdin: 'ignore' })
  await until('the site is being made', () => existsSync(`${data}/pods/bobs/volume.img`), 60_000)
  const pids = (await execa('pgrep', ['-f', `restore ${file}`])).stdout.split('\n').map(Number)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await half
  const up = await execa(process.execPath, [launcher, 'up', '--data', data, '--http', 'off', '--https', 'off', '--dns', 'off'], { reject: false })
  assert.deepEqual([up.exitCode, /a restore into .* was interrupted; run auberge restore again/.test(String(up.stderr))], [1, true])
  const done = await restore(file, data)
  assert.equal(done.exitCode, 0, done.stderr)
  const again = await startHouse(t, { data })
  assert.equal((await again.visit('bobs.localhost')).status, 200)
})

test('a house without sites of its own is saved and brought back without pods; the key of its zone that it lacks is named until the parent knows', { timeout: 120_000 }, async t => {
  const args = ['--runtime', 'none', '--dnssec']
  const house = await startHouse(t, { args })
  const { keys: [{ tag = 0, ds = '' } = {}] } = JSON.parse(await ok(house, 'dns', 'ds', '--json')) as { keys: { tag: number; ds: string }[] }
  const eve = await newOwner(house, 'eve')
  assert.equal((await eve.api('POST', '/api/sites', { name: 'home', kind: 'external', addresses: ['192.0.2.9'] })).status, 201)
  const file = `${temporary(t)}/house.tar`
  assert.match((await house.auberge('backup', file)).stderr, /key is not in this file: .*--with-keys takes the key along/)
  const data = dataFor(t)
  const { exitCode, stderr } = await restore(file, data, '--runtime', 'none')
  assert.equal(exitCode, 0, stderr)
  assert.match(String(stderr), new RegExp(`WARNING: localhost was signed, .*without --with-keys.*\\n +localhost\\. IN DS ${ds}\\n`))
  assert.deepEqual(tables(data), tables(house.data))
  await house.stop()
  const again = await startHouse(t, { data, args })
  const lost = new RegExp(`restored without its key ${tag}, .*then run auberge dns confirm`)
  assert.match(await ok(again, 'dns', 'ds'), lost)
  assert.match((await again.auberge('doctor', '--runtime', 'none')).stdout, lost)
  assert.doesNotMatch(await ok(again, 'dns', 'confirm'), lost)
})
