import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import test from 'node:test'
import { asAdministrator } from '../../../provisioner/database/administrator.ts'
import { addresses, databaseLink } from '../../../provisioner/instance.ts'
import { DATABASE, podPlaces } from '../../../provisioner/places.ts'
import { run } from '../../../provisioner/run.ts'
import { tarOf } from '../workshop/house.ts'
import { until } from '../../helpers/patience.ts'
import { page } from '../house.ts'
import { bare, databaseHouse, password, php, up, withDatabase } from './house.ts'

const COUNTER = `<?php
$db = new mysqli(getenv('DB_HOST'), getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'), (int) getenv('DB_PORT'));
$db->query('CREATE TABLE IF NOT EXISTS visits (at INT)');
$db->query('INSERT INTO visits VALUES (1)');
echo $db->query('SELECT COUNT(*) FROM visits')->fetch_row()[0];
`

test('a house whose sites have databases', async t => {
  const { client, host, data } = await databaseHouse(t)

  await t.test('a first site is there before the server is, and its database comes by itself', async () => {
    await client.create('alice', withDatabase('alice'))
    const { pod } = await client.wake('alice')
    assert.equal((await page(pod.ipv4)).status, 200)
    await up(host)
    assert.equal(await php(host, 'alice', 'echo "in";'), 'in')
  })

  await t.test('what the server holds of the memory and is promised of the disk is counted', async () => {
    const { sites, database } = await client.memory()
    assert.ok(database > 20 * 2 ** 20, `${database} bytes`)
    assert.deepEqual(Object.keys(sites), ['alice'])
    const { size } = statSync(podPlaces(data, DATABASE).volumeImage)
    assert.equal((await client.space()).promised, size + statSync(podPlaces(data, 'alice').volumeImage).size)
  })

  await t.test('a page finds its database in the environment, and what it wrote is there after the site slept', async () => {
    await client.deploy('alice', tarOf({ 'index.php': COUNTER }))
    const { ipv4 } = addresses(host.instance, host.states.site('alice').slot)
    assert.deepEqual(await page(ipv4), { status: 200, text: '1' })
    for (const [tier, count] of [['frozen', '2'], ['asleep', '3']] as const) {
      await client.sleep('alice', tier)
      await client.wake('alice')
      assert.equal((await page(ipv4)).text, count)
    }
  })

  await t.test('no site reaches or sees what is another’s, with its own or with stolen credentials', async () => {
    await client.create('bob', withDatabase('bob'))
    await client.wake('bob')
    assert.equal(await php(host, 'alice', "$db->query('CREATE TABLE secrets (t TEXT)'); $db->query(\"INSERT INTO secrets VALUES ('mine')\"); echo $db->query('SELECT t FROM secrets')->fetch_row()[0];"), 'mine')
    assert.match(await php(host, 'bob', "$db->select_db('alice');"), /Access denied for user 'bob'@'[\d.]+' to database 'alice'/)
    assert.match(await php(host, 'bob', "$db->query('SELECT * FROM alice.secrets');"), /denied/)
    assert.match(await bare(host, 'bob', `new mysqli(getenv('DB_HOST'), 'alice', '${password('alice')}', 'alice', 3306);`), /Access denied for user 'alice'@/)

    const listed = await php(host, 'bob', "foreach (['SHOW DATABASES', 'SELECT SCHEMA_NAME FROM information_schema.SCHEMATA', 'SELECT DISTINCT TABLE_SCHEMA FROM information_schema.TABLES', 'SELECT GRANTEE FROM information_schema.USER_PRIVILEGES', 'SELECT USER FROM information_schema.PROCESSLIST', 'SHOW OPEN TABLES'] as $q) foreach ($db->query($q)->fetch_all() as $row) echo $row[0], \"\\n\";")
    assert.match(listed, /^bob$/m)
    assert.doesNotMatch(listed, /alice/)
    assert.equal((await php(host, 'bob', "$db->select_db('alice');")).replace('alice', 'X'), (await php(host, 'bob', "$db->select_db('nobody');")).replace('nobody', 'X'), 'a database that is there is refused as one that is not')
    for (const statement of ['SELECT * FROM mysql.user', 'CREATE DATABASE mine', "CREATE USER 'x'@'%'", 'SHOW ENGINE INNODB STATUS', 'SET GLOBAL max_connections = 1', "SELECT 'x' INTO OUTFILE '/tmp/x'", "GRANT ALL ON *.* TO CURRENT_USER()", 'SELECT * FROM information_schema.INNODB_SYS_TABLESPACES']) {
      assert.match(await php(host, 'bob', `$db->query("${statement}");`), /denied|need/, statement)
    }
  })

  await t.test('of the database pod a site reaches one port, nobody else reaches any, and it reaches nothing', async () => {
    const link = databaseLink(host.instance)
    const reaches = (address: string, port: number) => bare(host, 'alice', `echo @fsockopen('${address}', ${port}, $code, $text, 2) ? 'yes' : 'no';`)
    assert.equal(await reaches(link.pod, 3306), 'yes')
    for (const [address, port] of [[link.pod, 3307], [link.pod, 80], [link.host, 3306], [link.host, 22]] as const) assert.equal(await reaches(address, port), 'no', `${address} ${port}`)
    const netns = `${host.instance.id}-_database`
    const { ipv4 } = addresses(host.instance, host.states.site('alice').slot)
    const from = (address: string) => run(['ip', 'netns', 'exec', netns, 'timeout', '1', 'bash', '-c', `exec 3<>/dev/tcp/${address} && echo reached`], { ok: [1, 124] })
    for (const address of [`${ipv4}/80`, `${link.host}/22`, '10.213.0.1/53', '192.0.2.1/80']) assert.equal(await from(address), '', address)

    const stranger = spawn('setpriv', ['--reuid', '65534', '--clear-groups', 'timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${link.pod}/3306`], { stdio: 'ignore' })
    assert.notEqual((await once(stranger, 'exit'))[0], 0, 'a process of the host that is not root gets in')
    const root = connect({ host: link.pod, port: 3306 })
    await once(root, 'connect')
    root.destroy()
  })

  await t.test('another password holds from then on, and the environment has it at the next start', async () => {
    await client.update('alice', { ...withDatabase('alice'), database: { password: 'y'.repeat(40) } })
    assert.match(await php(host, 'alice', 'echo "in";'), /Access denied/)
    await client.sleep('alice', 'asleep')
    await client.wake('alice')
    assert.equal(await php(host, 'alice', "echo getenv('DB_PASSWORD');"), 'y'.repeat(40))
  })

  await t.test('a site over its limit can read and delete, but not write, until it is below again', async () => {
    assert.equal(await php(host, 'bob', "$db->query('CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, t LONGTEXT)'); for ($i = 0; $i < 24; $i++) $db->query(\"INSERT INTO big (t) VALUES (REPEAT('x', 1000000))\"); echo 'done';"), 'done')
    await host.database.round()
    const { database } = await client.usage('bob')
    assert.ok(database !== null && database > 24_000_000, `measured ${database}`)
    assert.equal(await php(host, 'bob', "$db->query('INSERT INTO big (t) VALUES (1)'); echo 'written';"), 'written')
    await client.update('bob', withDatabase('bob', { database: 2 ** 24 }))
    for (const statement of ["INSERT INTO big (t) VALUES ('x')", "UPDATE big SET t = 'x'", 'CREATE TABLE more (i INT)', 'ALTER TABLE big ADD c INT']) {
      assert.match(await php(host, 'bob', `$db->query("${statement}");`), /denied/, statement)
    }
    assert.equal(await php(host, 'bob', "echo $db->query('SELECT COUNT(*) FROM big')->fetch_row()[0]; $db->query('DELETE FROM big WHERE id > 2');"), '25')
    await until('it can write again', async () => {
      await host.database.round()
      return (await php(host, 'bob', "$db->query(\"INSERT INTO big (t) VALUES ('x')\"); echo 'written';")) === 'written'
    }, 60_000)
  })

  await t.test('a table that asks for another engine is InnoDB’s, and no session takes more memory than it may', async () => {
    assert.match(await php(host, 'bob', "$db->query('CREATE TABLE old (i INT) ENGINE=MyISAM'); echo $db->query('SHOW CREATE TABLE old')->fetch_row()[1];"), /ENGINE=InnoDB/)
    assert.equal(await php(host, 'bob', "$db->query('SET max_session_mem_used = 1000000000'); $db->query('SET sort_buffer_size = 1000000000'); echo implode(' ', $db->query('SELECT @@max_session_mem_used, @@sort_buffer_size')->fetch_row());"), `${32 * 2 ** 20} ${4 * 2 ** 20}`)
  })

  await t.test('no password is in a process list, a log or a file that others than root may read', async () => {
    const administrator = await readFile(`${podPlaces(data, '_database').dir}/password`, 'utf8')
    const secrets = [administrator, password('bob')]
    const processes = await run(['ps', '-eo', 'args'])
    const log = await readFile(podPlaces(data, '_database').logFile, 'utf8')
    for (const secret of secrets) {
      for (const text of [processes, log]) assert.equal(text.includes(secret), false)
      const search = ['grep', '--recursive', '--no-messages', '--files-with-matches', '--fixed-strings', secret, data, host.instance.run]
      assert.notEqual(await run(search, { ok: [1, 2] }), '', 'root finds it')
      assert.equal(await run(['setpriv', '--reuid', '65534', '--clear-groups', ...search], { ok: [1, 2] }), '', 'a stranger finds it')
    }
  })

  await t.test('a site that is destroyed leaves no database, user or right', async () => {
    await client.destroy('alice', { purge: true })
    const names = "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA UNION SELECT User FROM mysql.user UNION SELECT Db FROM mysql.db"
    const left = await asAdministrator(host, sql => sql.query<{ name: string }[]>(names))
    assert.deepEqual(left.map(each => each.name).filter(name => name === 'alice' || name === 'bob'), ['bob'])
  })
})
