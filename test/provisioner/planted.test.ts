// What a hostile owner can plant for root of the host to trip over: in the volume, in the log, in its processes, in what is restored.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import test, { type TestContext } from 'node:test'
import { pack } from 'tar-stream'
import { execInPod } from '../../provisioner/container.ts'
import type { Host } from '../../provisioner/host.ts'
import { firstId, podCgroup } from '../../provisioner/instance.ts'
import { rotate, tail } from '../../provisioner/log.ts'
import { podPlaces } from '../../provisioner/places.ts'
import { run } from '../../provisioner/run.ts'
import { endMarked } from '../../provisioner/workshop/marked.ts'
import { house, page, spec, traces } from './house.ts'

const inside = (host: Host, name: string, script: string) => run(execInPod(host, name, { command: ['bash', '-c', `exec 2>&1; ${script}; true`] }))

/** A directory of the host's that nothing may touch, with what is in it. */
function precious(t: TestContext): { directory: string; untouched: () => void } {
  const directory = mkdtempSync(`${tmpdir()}/auberge-precious-`)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(`${directory}/file`, 'precious')
  return { directory, untouched: () => assert.deepEqual([readdirSync(directory), readFileSync(`${directory}/file`, 'utf8')], [['file'], 'precious']) }
}

/** Everything an owner can make that isn't a plain file, and plain files of every inconvenient kind. */
const plant = (host: string) => `cd /var/www; ln -s ${host} to-host; ln -s / root; ln -s .. up; ln -s loop loop; mkfifo fifo; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1)'
  echo linked > one; ln one two; ln one releases/three; truncate -s 8T huge; printf '\\0' | dd of=holes bs=1 seek=100G conv=notrunc; mkdir odd; cd odd
  for name in '-rf' ' ' $'a\\nb' $'\\xff\\xfe' $'\\e]0;title\\a' '$(touch /tmp/pwned)' '*' '\`id\`' '..x' "$(head -c 250 /dev/zero | tr '\\0' n)"; do touch -- "$name"; done; chmod 6777 -- '-rf'; cd ..
  perl -e 'for (1..700) { mkdir "deep" and chdir "deep" or last }'; mkdir locked; touch locked/in; chmod 0 locked; chown 65534:65534 locked; for d in sessions tmp; do rm -rf $d; ln -s ${host} $d; done; rm html; ln -s ${host} html`

test('a volume full of traps is measured, deployed to, saved, restored, enlarged and destroyed, and the host is not touched', async t => {
  const { host, client, data } = await house(t)
  const { directory, untouched } = precious(t)
  await client.create('alice', spec())
  await client.create('bob', spec())
  await client.wake('alice')
  await inside(host, 'alice', plant(directory))
  assert.equal((await inside(host, 'alice', 'mknod /var/www/disk b 253 0 || mknod /var/www/mem c 1 1 || echo none')).match(/none/)?.[0], 'none')
  assert.ok((await client.usage('alice')).files > 700)
  const odd = (await inside(host, 'alice', 'cd /var/www; ls -A odd | md5sum')).trim()
  const tar = pack()
  tar.entry({ name: 'index.html' }, 'new')
  tar.finalize()
  await client.deploy('alice', Readable.from(tar))
  await restored(client, 'bob', Readable.from([gunzipSync(await buffer(await client.backup('alice', '{}')))], { objectMode: false }))
  await client.wake('bob')
  const seen = await inside(host, 'bob', 'cd /var/www; readlink to-host html root up | head -1; stat -c %h one; test -p fifo && echo fifo; ls -A odd | md5sum; stat -c %s huge; find deep -type d | wc -l; stat -c %a locked')
  assert.deepEqual(seen.trim().split('\n'), [directory, '3', 'fifo', odd, String(8 * 2 ** 40), '700', '0'])
  await client.update('alice', spec({ disk: 96 * 2 ** 20 }))
  await client.sleep('alice', 'asleep')
  await client.wake('alice')
  assert.ok((await client.destroy('alice', { description: '{}' })).backup)
  await client.destroy('bob', { purge: true })
  assert.deepEqual(await traces(host.instance.id, data), [])
  untouched()
})

async function restored(client: Awaited<ReturnType<typeof house>>['client'], name: string, tar: Readable): Promise<void> {
  const { id } = await client.stage(name, tar, 64 * 2 ** 20)
  await client.adopt(name, id, spec())
}

type Entry = Parameters<ReturnType<typeof pack>['entry']>[0]

const HOSTILE: [string, Entry][] = [
  ['a name that climbs', { name: 'files/../../../../../../../../tmp/auberge-climbed' }],
  ['an absolute name', { name: '/etc/auberge-absolute' }],
  ['a hard link to the outside', { name: 'files/shadow', type: 'link', linkname: '/etc/shadow' }],
  ['a hard link that climbs', { name: 'files/shadow', type: 'link', linkname: '../../../../../../etc/shadow' }],
]

test('a restore of a tar whose names or links lead out makes nothing outside the site', async t => {
  const { client } = await house(t)
  const { untouched } = precious(t)
  await client.create('alice', spec())
  for (const [what, header] of HOSTILE) {
    const tar = pack()
    tar.entry(header, header.type === undefined ? 'x' : '')
    tar.finalize()
    await restored(client, 'alice', Readable.from(tar)).catch((error: { code: string }) => assert.match(error.code, /bad_archive|failed/, what))
    for (const file of ['/tmp/auberge-climbed', '/etc/auberge-absolute']) assert.equal(existsSync(file), false, what)
    untouched()
  }
})

test('an upload of settings that are traps is the site’s own trouble: .htaccess, .user.ini and links reach nothing of the host', async t => {
  const { host, client, data } = await house(t)
  await client.create('alice', spec())
  const { pod } = await client.wake('alice')
  await inside(host, 'alice', `cd /var/www/html; echo 'Options +FollowSymLinks' > .htaccess; ln -s /etc/shadow shadow.txt; ln -s /proc/1/root${data} data.txt; ln -s /proc/self/environ env.txt; echo 'auto_prepend_file=/etc/shadow' > .user.ini`)
  for (const path of ['/shadow.txt', '/data.txt', '/env.txt']) assert.doesNotMatch((await page(pod.ipv4, path)).text, /root:[^x*!]|registry/, path)
})

test('a lease on the log keeps nobody waiting', async t => {
  const { host, client } = await house(t)
  await client.create('alice', spec())
  const { prepare } = host.runtime
  const program = 'use IO::Socket::INET; print "before\\n"; printf STDERR "lease %s\\n", fcntl(STDOUT, 1024, 1) ? "held" : $!; $s = IO::Socket::INET->new(LocalPort => 80, Listen => 9) or die; while ($c = $s->accept) { print $c "HTTP/1.0 200 OK\\r\\n\\r\\nhello"; close $c }'
  host.runtime.prepare = async (id, bundle, output) => {
    const config = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8')) as { process: { args: string[] } }
    config.process.args = ['perl', '-e', `$| = 1; $SIG{IO} = 'IGNORE'; ${program}`]
    writeFileSync(`${bundle}/config.json`, JSON.stringify(config))
    return prepare(id, bundle, output)
  }
  await client.update('alice', spec({}, { OTHER: '1' }))
  await client.wake('alice')
  host.runtime.prepare = prepare
  await assert.rejects(rotate(host, 'alice', 0), { code: 'EAGAIN' }, 'the lease is held')
  assert.equal(await tail(host, 'alice', 100), '')
  await text(await client.logs('alice', { follow: false }))
  await client.sleep('alice', 'asleep')
  await client.wake('alice')
  assert.match(await tail(host, 'alice', 4000), /lease held/)
})

test('a process that says its environment is 64 GiB costs the house nothing', async t => {
  const { host, client } = await house(t)
  await client.create('alice', spec())
  await client.wake('alice')
  // prctl(PR_SET_MM, PR_SET_MM_MAP): the environment becomes a mapping of 64 GiB that nothing was ever written to.
  const program = `use strict; my ($start, $size) = (0x100000000000, 64 << 30); my $at = syscall(9, $start, $size, 3, 0x4022 | 0x100000, -1, 0); open my $s, "<", "/proc/self/stat"; my @f = split " ", (<$s> =~ s/.*\\) //r);
    my $map = pack("Q11 Q l L", $f[23], $f[24], $f[42], $f[43], $f[44], $f[44], $f[25], $f[45], $f[46], $at, $at + $size, 0, 0, -1); print syscall(157, 35, 14, $map, length $map, 0) < 0 ? "refused: $!\\n" : "moved\\n"; sleep 60`
  const said = await inside(host, 'alice', `perl -e '$| = 1; ${program.replaceAll('\n', ' ')}' > /tmp/said 2>&1 & until grep -q . /tmp/said; do sleep .05; done; cat /tmp/said`)
  assert.match(said, /moved|refused/, 'a kernel without CHECKPOINT_RESTORE refuses')
  const before = process.memoryUsage.rss()
  await endMarked(host.cgroups, podCgroup(host.instance, 'alice'), 'nobody')
  assert.ok(process.memoryUsage.rss() - before < 200 * 2 ** 20, said)
})

test('a range of ids is nobody’s while files of its last owner are left', async t => {
  const { host, client, data } = await house(t)
  await client.create('alice', spec())
  await client.create('bob', spec())
  const { slot } = host.states.site('alice')
  const { removed, remove } = held(host)
  const gone = client.destroy('alice', { purge: true })
  await removed
  assert.ok(existsSync(podPlaces(data, 'alice').dir), 'alice’s files are there')
  await client.create('carol', spec())
  assert.notEqual(host.states.site('carol').slot, slot)
  remove()
  await gone
  assert.equal(existsSync(podPlaces(data, 'alice').dir), false)
  await client.create('dave', spec())
  assert.equal(host.states.site('dave').slot, slot, 'only then it is given again')
  await client.wake('dave')
  const mine = firstId(host.instance, slot)
  const strange = await inside(host, 'dave', `find /var/www /tmp /run /var/log /dev/shm -xdev ! -uid 0 ! -uid 33 -print`)
  assert.equal(strange.trim(), '', `files of others beside ${mine}`)
})

/** Holds a destruction between its processes' end and the removal of its files. */
function held(host: Host): { removed: Promise<void>; remove: () => void } {
  const [reached, let_] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const { remove } = host.cgroups
  host.cgroups.remove = async path => {
    if (path.endsWith('/alice')) {
      reached.resolve()
      await let_.promise
    }
    return remove(path)
  }
  return { removed: reached.promise, remove: () => let_.resolve() }
}
