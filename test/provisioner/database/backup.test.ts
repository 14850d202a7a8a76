import assert from 'node:assert/strict'
import { createGunzip, gunzipSync } from 'node:zlib'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import test from 'node:test'
import { extract, pack } from 'tar-stream'
import { asAdministrator } from '../../../provisioner/database/administrator.ts'
import type { Host } from '../../../provisioner/host.ts'
import { databaseHouse, php, withDatabase } from './house.ts'

const DISK = 64 * 2 ** 20

/** Every kind of thing that a database holds, and text and bytes that want escaping. */
const FILL = [
  "CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT CHARACTER SET utf8mb4, b BLOB, at DATETIME(3), n DECIMAL(20,5), CHECK (n > 0))",
  "INSERT INTO notes (t, b, at, n) VALUES ('it''s \\\\\\\\ é 🏨 \\n/*!50013 DEFINER=x*/', UNHEX('00ff0a27225c'), '2026-11-25 01:02:03.456', 12345.00001), (NULL, NULL, NULL, 1)",
  'CREATE TABLE log (id INT PRIMARY KEY, note INT, FOREIGN KEY (note) REFERENCES notes (id))',
  'CREATE TRIGGER noted AFTER INSERT ON notes FOR EACH ROW INSERT INTO log VALUES (NEW.id, NEW.id)',
  'CREATE VIEW short AS SELECT id, LEFT(t, 4) AS t FROM notes',
  'CREATE PROCEDURE tidy() DELETE FROM log',
  'CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n',
]
const fill = (host: Host, name: string) => php(host, name, `${FILL.map(each => `$db->query(${JSON.stringify(each).replaceAll('$', '\\$')});`).join(' ')} $db->query("INSERT INTO notes (t, n) SELECT REPEAT('x', 1000), seq FROM seq_1_to_2000"); echo 'filled';`)

/** All rows, all definitions. */
const ALL = `foreach ($db->query('SHOW FULL TABLES')->fetch_all() as [$t]) {
  foreach ($db->query("SELECT * FROM $t ORDER BY 1")->fetch_all() as $row) echo implode('|', array_map(fn ($v) => $v === null ? 'NULL' : bin2hex($v), $row)), "\\n";
  echo preg_replace('/DEFINER=\\S+|AUTO_INCREMENT=\\d+/', '', $db->query("SHOW CREATE TABLE $t")->fetch_row()[1]), "\\n";
}
foreach ($db->query('SHOW TRIGGERS')->fetch_all() as $row) echo $row[0], $row[3], "\\n";
echo $db->query('SELECT twice(21)')->fetch_row()[0], $db->query("SELECT GROUP_CONCAT(ROUTINE_NAME ORDER BY 1) FROM information_schema.ROUTINES")->fetch_row()[0];`
const all = async (host: Host, name: string) => (await php(host, name, ALL)).replaceAll(`\`${name}\``, '`X`')

/** A backup as a stranger may make one. */
async function hostile(sql: string): Promise<Readable> {
  const tar = pack()
  tar.entry({ name: 'database.sql' }, sql)
  tar.entry({ name: 'files', type: 'directory' })
  tar.finalize()
  return Readable.from([await buffer(tar)])
}

test('databases in backups', async t => {
  const { client, host } = await databaseHouse(t, 'alice', 'bob')
  assert.equal(await fill(host, 'alice'), 'filled')
  const before = await all(host, 'alice')
  assert.match(before, /2d30|3132333435/)
  const taken = async (name: string) => await buffer(await client.backup(name, '{}'))
  const bring = async (name: string, tar: Readable) => {
    const { id } = await client.stage(name, tar, DISK)
    await client.adopt(name, id, withDatabase(name))
    await client.wake(name)
  }
  let archive = Buffer.alloc(0)

  await t.test('a backup has the database before the files, whether its site runs, is frozen or asleep', async () => {
    for (const tier of ['running', 'frozen', 'asleep'] as const) {
      if (tier !== 'running') await client.sleep('alice', tier)
      archive = await taken('alice')
      const names: string[] = []
      for await (const entry of Readable.from([archive]).pipe(createGunzip()).pipe(extract())) {
        names.push(entry.header.name)
        entry.resume()
      }
      assert.deepEqual(names.slice(0, 3), ['auberge.json', 'database.sql', 'files/'], tier)
    }
    await client.wake('alice')
  })

  await t.test('it is restored to the same name in the place of what is there, and to another', async () => {
    await php(host, 'alice', "$db->query('DELETE FROM log'); $db->query('CREATE TABLE later (i INT)');")
    for (const name of ['alice', 'bob']) {
      await bring(name, Readable.from([gunzipSync(archive)]))
      assert.equal(await all(host, name), before, name)
      assert.equal(await php(host, name, "$db->query(\"INSERT INTO notes (t, n) VALUES ('new', 1)\"); $db->query('CALL tidy()'); echo $db->query('SELECT COUNT(*) FROM log')->fetch_row()[0];"), '0', 'its trigger and its procedure work')
    }
  })

  await t.test('a hostile dump does nothing that its site could not do, and what fails changes nothing', async () => {
    const now = await all(host, 'bob')
    const attempts = [
      'DROP DATABASE alice;', 'USE alice;\nDROP TABLE notes;', "CREATE USER x@'%';", "GRANT ALL ON *.* TO CURRENT_USER();", 'SELECT * FROM mysql.user;', "SELECT 1 INTO OUTFILE '/var/www/data/x';",
      "LOAD DATA INFILE '/etc/passwd' INTO TABLE x;", 'SET GLOBAL max_connections = 1;', 'this is not SQL;',
    ]
    for (const sql of attempts) await assert.rejects(client.stage('bob', await hostile(`CREATE TABLE x (t TEXT);\n${sql}\n`), DISK), { code: 'bad_archive' }, sql)
    await bring('alice', Readable.from([gunzipSync(archive)]))
    assert.equal(await all(host, 'bob'), now)
    assert.equal(await all(host, 'alice'), before)
    const left = await asAdministrator(host, sql => sql.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '+%' UNION SELECT Db FROM mysql.db WHERE Db LIKE '+%'"))
    assert.deepEqual([...left], [])
  })

  await t.test('commands of the client in a dump run nowhere but in the site', async () => {
    const { id } = await client.stage('bob', await hostile('CREATE TABLE x (i INT);\n\\! touch /var/www/escaped\n'), DISK).catch(() => ({ id: '' }))
    if (id !== '') await client.unstage('bob', id)
    assert.equal(await php(host, 'alice', "echo file_exists('/var/www/escaped') ? 'yes' : 'no';"), 'no')
  })

  await t.test('a final backup has it, too', async () => {
    const { backup } = await client.destroy('alice', { description: '{}' })
    const final = await buffer(await client.finalBackup(backup?.id ?? ''))
    await bring('bob', Readable.from([gunzipSync(final)]))
    assert.equal(await all(host, 'bob'), before)
  })
})
