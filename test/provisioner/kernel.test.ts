// A hostile pod against the kernel it shares with everyone: system calls, /proc, counters of the whole machine.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import type { PodEvent } from '../../provisioner/api.ts'
import { execInPod } from '../../provisioner/container.ts'
import type { Host } from '../../provisioner/host.ts'
import { MASKED, SOCKET_MEMORY, TERMINALS } from '../../provisioner/confinement.ts'
import { podCgroup, siteCgroup } from '../../provisioner/instance.ts'
import { run } from '../../provisioner/run.ts'
import { until } from '../helpers/patience.ts'
import { house, page, spec } from './house.ts'

type Rule = { names: string[]; action: string }

const inside = (host: Host, name: string, script: string) => run(execInPod(host, name, { command: ['bash', '-c', `exec 2>&1; ${script}; true`] }))
const perl = (host: Host, name: string, code: string) => run(execInPod(host, name, { command: ['perl', '-e', `$| = 1; ${code}`] }), { ok: [1, 2, 159] })

/** What each of several processes said, together. */
const sum = (said: string) => said.split('\n').map(Number).reduce((all, each) => all + each, 0)

async function awake(t: TestContext, ...names: string[]) {
  const set = await house(t)
  for (const name of names) {
    await set.client.create(name, spec())
    await set.client.wake(name)
  }
  return set
}

/** Newer than the profile it is compared with, containers-common 0.50 of Debian 12 (fixtures/containers-common.json: what it allows without capabilities); the container world has allowed them since. */
const SINCE = ['cachestat', 'fchmodat2', 'futex_requeue', 'futex_wait', 'futex_waitv', 'futex_wake', 'map_shadow_stack', 'mseal']

test("the seccomp profile allows no system call that the container world's default doesn't", () => {
  const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
  const theirs = new Set(read('fixtures/containers-common.json') as string[])
  const { defaultAction, syscalls } = read('../../provisioner/seccomp.json') as { defaultAction: string; syscalls: Rule[] }
  const ours = syscalls.filter(rule => rule.action === 'SCMP_ACT_ALLOW').flatMap(rule => rule.names)
  assert.equal(defaultAction, 'SCMP_ACT_ERRNO')
  assert.deepEqual([...new Set(ours)].filter(name => !theirs.has(name)).sort(), SINCE)
})

/** Number on x86-64, arguments as Perl, and what they would be good for. */
const CALLS: [string, number, string][] = [
  ['keyctl', 250, '0, 0, 0'], ['add_key', 248, '0, 0, 0, 0, 0'], ['request_key', 249, '0, 0, 0, 0'], ['userfaultfd', 323, '0'], ['io_uring_setup', 425, '8, 0'], ['perf_event_open', 298, '0, 0, -1, -1, 0'],
  ['bpf', 321, '0, 0, 0'], ['unshare(user)', 272, '0x10000000'], ['unshare(net)', 272, '0x40000000'], ['setns', 308, '0, 0'], ['mount', 165, '0, 0, 0, 0, 0'], ['umount2', 166, '0, 0'], ['pivot_root', 155, '0, 0'],
  ['chroot', 161, '0'], ['fsopen', 430, '0, 0'], ['move_mount', 429, '0, 0, 0, 0, 0'], ['open_tree', 428, '0, 0, 0'], ['mount_setattr', 442, '0, 0, 0, 0, 0'], ['ptrace', 101, '0, 0, 0, 0'], ['process_vm_readv', 310, '1, 0, 0, 0, 0, 0'],
  ['pidfd_getfd', 438, '0, 0, 0'], ['kcmp', 312, '1, 1, 0, 0, 0'], ['name_to_handle_at', 303, '0, 0, 0, 0, 0'], ['open_by_handle_at', 304, '0, 0, 0'], ['init_module', 175, '0, 0, 0'], ['finit_module', 313, '0, 0, 0'],
  ['kexec_load', 246, '0, 0, 0, 0'], ['reboot', 169, '0, 0, 0, 0'], ['swapon', 167, '0, 0'], ['sethostname', 170, '0, 0'], ['settimeofday', 164, '0, 0'], ['clock_settime', 227, '0, 0'], ['syslog', 103, '10, 0, 0'], ['quotactl', 179, '0, 0, 0, 0'],
  ['acct', 163, '0'], ['iopl', 172, '3'], ['ioperm', 173, '0, 1, 1'], ['lookup_dcookie', 212, '0, 0, 0'], ['vmsplice', 278, '0, 0, 0, 0'], ['fanotify_init', 300, '0, 0'], ['move_pages', 279, '0, 0, 0, 0, 0, 0'], ['io_setup', 206, '1, 0'],
  ['clone3', 435, '0, 0'], ['clone(user)', 56, '0x10000011, 0, 0, 0, 0'], ['clone(net)', 56, '0x40000011, 0, 0, 0, 0'], ['personality(ADDR_NO_RANDOMIZE)', 135, '0x40000'], ['modify_ldt', 154, '0, 0, 0'], ['sync', 162, ''],
]

test('a hostile pod against the kernel', async t => {
  const { host, client } = await awake(t, 'alice', 'bob')

  await t.test('no dangerous system call passes, in whatever calling convention', { skip: process.arch !== 'x64' }, async () => {
    const said = await perl(host, 'alice', CALLS.map(([what, number, args]) => `$r = syscall(${[number, args].filter(String).join(', ')}); print "${what} ", $r < 0 ? $! + 0 : "passed", "\\n";`).join(' '))
    // 1 EPERM, 38 ENOSYS: refused before the kernel looked at the arguments.
    for (const [what, , ] of CALLS) assert.match(said, new RegExp(`^${what.replace(/[()]/g, '\\$&')} (1|38)$`, 'm'), said)
    assert.doesNotMatch(await perl(host, 'alice', 'print "x32 ", syscall(0x40000000 + 39)'), /x32/, 'the process that tries the x32 convention is killed')
    const sockets = { packet: [17, 3, 768], vsock: [40, 1, 0], alg: [38, 5, 0], bluetooth: [31, 3, 0], can: [29, 3, 1], xdp: [44, 3, 0], tipc: [30, 1, 0], rds: [21, 5, 0], netfilter: [16, 3, 12], audit: [16, 3, 9], uevent: [16, 3, 15], connector: [16, 3, 11] }
    for (const [what, args] of Object.entries(sockets)) assert.match(await perl(host, 'alice', `socket(S, ${args.join(', ')}) and print "passed"; print $! + 0`), /^(38|93)$/, what)
  })

  await t.test('a process of a pod has what its bundle says and no more, whether it was started or entered', async () => {
    const status = (of: string) => inside(host, 'alice', `grep -E '^(Cap|NoNewPrivs|Seccomp:)' ${of}/status; grep -E 'open files|core file|msgqueue' ${of}/limits; cat ${of}/oom_score_adj; ls -l ${of}/ns | sed -n 's/.*-> //p'`)
    const [entered, started] = [await status('/proc/self'), await status('/proc/1')]
    assert.equal(entered, started)
    assert.match(entered, /CapPrm:\t00000000000004fb\nCapEff:\t00000000000004fb\nCapBnd:\t00000000000004fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n/)
    assert.match(entered, /Max core file size +1 +1 .*\nMax open files +1024 +4096 .*\nMax msgqueue size +0 +0 .*\n300\n/)
    const ours = await run(['bash', '-c', "ls -l /proc/self/ns | sed -n 's/.*-> //p'"])
    for (const kind of ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts']) assert.ok(!ours.includes(new RegExp(`${kind}:\\[\\d+\\]`).exec(entered)![0]), kind)
    assert.doesNotMatch(await inside(host, 'alice', 'cat /proc/self/cgroup'), /auberge|alice/)
  })

  await t.test('/proc and /sys tell nothing of the host that is masked and change nothing at all', async () => {
    const readable = await inside(host, 'alice', `for f in ${MASKED.join(' ')}; do if [ -n "$(cat /proc/$f 2>/dev/null | head -c 1)" ] || [ -n "$(ls -A /proc/$f 2>/dev/null | grep -v "^/proc/$f$")" ]; then echo $f; fi; done`)
    assert.equal(readable.trim(), '')
    assert.equal((await inside(host, 'alice', 'ls -A /sys')).trim(), '')
    const writable = await inside(host, 'alice', `find /proc/sys /proc/sysrq-trigger /proc/irq /proc/bus /proc/fs -type f 2>/dev/null | while read -r f; do if [ -w "$f" ] && (: >> "$f") 2>/dev/null; then echo "$f"; fi; done; find /sys -mindepth 1`)
    assert.equal(writable.trim(), '')
    for (const file of ['vmallocinfo', 'slabinfo', 'kpageflags', 'kcore', 'kallsyms', 'iomem']) assert.doesNotMatch(await inside(host, 'alice', `head -c 300 /proc/${file} | grep -a '[1-9a-f]\\{6\\}'`), /[1-9a-f]{6}/, file)
    assert.equal(existsSync('/proc/sys/kernel/core_pattern') && (await inside(host, 'alice', 'echo "|/tmp/x" > /proc/sys/kernel/core_pattern')).includes('Read-only'), true)
  })

  await t.test("inotify, which the kernel counts for whoever made a user namespace, isn't used up by one pod for the others and the host", async () => {
    const grab = (most: number) => `for (1..${most}) { last if syscall(294, 0) < 0; $n++ } print "$n\\n";`
    const greedy = perl(host, 'alice', `for $p (1..10) { next if fork; ${grab(2000)} sleep 3; exit } 1 while wait > 0`)
    const bob = perl(host, 'bob', `sleep 1; ${grab(100)}`)
    assert.equal((await bob).trim(), '100')
    assert.equal((await run(['perl', '-e', grab(100)])).trim(), '100')
    assert.ok(sum(await greedy) > 1000)
  })

  await t.test("what sockets hold in the kernel is bounded by the pod, so that it can't use up every other pod's and the host's", async () => {
    const pages = () => Number(/^UDP: inuse \d+ mem (\d+)/m.exec(readFileSync('/proc/net/sockstat', 'utf8'))![1])
    const before = pages()
    const flood = perl(host, 'alice', `use Socket; for (1..900) { socket(my $s, AF_INET, SOCK_DGRAM, 0); bind($s, sockaddr_in(0, inet_aton("127.0.0.1"))); push @s, $s } socket(my $o, AF_INET, SOCK_DGRAM, 0);
      for my $s (@s) { my $a = getsockname($s); send($o, "x" x 1000, 0, $a) for 1..400 } open F, "<", "/proc/net/sockstat"; print grep /UDP:/, <F>`)
    const held = Number(/mem (\d+)/.exec(await flood)![1]) - before
    assert.ok(held * 4096 < 80 * 2 ** 20, `${held} pages`)
    assert.equal((await client.wake('alice')).pod.tier, 'running')
  })

  await t.test("sockets of TCP that each take their first piece end the pod before the sum is much of what the kernel has for all, and its owner is told", { skip: host.cgroups.version === 2 && 'cgroup v2 counts them as memory' }, async () => {
    const pages = () => Number(/^TCP: .* mem (\d+)/m.exec(readFileSync('/proc/net/sockstat', 'utf8'))![1])
    const [leave, events] = [new AbortController(), [] as PodEvent[]]
    client.watch(event => { events.push(event) }, leave.signal)
    const flood = perl(host, 'alice', `use Socket; for (1..20) { next if fork; socket(my $l, AF_INET, SOCK_STREAM, 0); bind($l, sockaddr_in(0, inet_aton("127.0.0.1"))); listen($l, 1000); my $a = getsockname($l);
      for (1..480) { socket(my $s, AF_INET, SOCK_STREAM, 0); connect($s, $a); accept(my $c, $l); push @s, $s, $c; fcntl($s, 4, 2048); 1 while syswrite($s, "x" x 65536) } sleep 30; exit } 1 while wait > 0`).catch(() => '')
    await until('the pod is ended', () => events.length > 0)
    leave.abort()
    await flood
    assert.match(events[0]?.failure ?? '', /^its process ended by itself \(killed by SIGKILL\)\. Its sockets held too much/)
    await until('the kernel has it back', () => pages() * 4096 < SOCKET_MEMORY)
    assert.equal((await page((await client.list()).find(pod => pod.name === 'bob')!.ipv4)).status, 200)
    assert.equal((await page((await client.wake('alice')).pod.ipv4)).status, 200)
  })

  await t.test('no message queue of POSIX is made, and what semaphores, messages, shared memory and attributes of files hold is memory of the pod', async () => {
    const held = () => host.cgroups.memory(siteCgroup(host.instance, 'alice'))
    assert.equal(await perl(host, 'alice', 'my $q = "q"; print syscall(240, $q, 66, 0600, 0), " ", $! + 0; open(F, ">", "/dev/mqueue/q") or print " ", $! + 0'), '-1 24 24')
    for (const place of ['/tmp', '/run', '/var/log', '/dev', '/dev/shm']) {
      const said = await perl(host, 'alice', `my $v = "x" x 65536; for my $f (1..100) { my $p = "${place}/attributes$f"; open(my $h, ">", $p) or last; for (1..300) { my $k = "user.k$_"; last if syscall(188, $p, $k, $v, length $v, 0) < 0; $n += length $v } } print $n; unlink glob "${place}/attributes*"`)
      assert.ok(Number(said) <= 16 * 2 ** 20, `${place}: ${said} bytes`)
    }
    for (const grab of ['my $m = pack("l! a8000", 1, "x"); for (1..40000) { my $i = msgget(0, 01600) // last; 1 while msgsnd($i, $m, 2048) }', 'for (1..40000) { semget(0, 30000, 01600) // last }', 'for (1..5000) { my $i = shmget(0, 1 << 20, 01600) // last; shmwrite($i, "x" x (1 << 20), 0, 1 << 20) or last }']) {
      await perl(host, 'alice', grab).catch(() => '')
      assert.ok((await held()) <= 256 * 2 ** 20, grab)
      assert.match(await perl(host, 'bob', 'print defined shmget(0, 4096, 01600) && defined msgget(0, 01600) && defined semget(0, 100, 01600) ? "made" : $!'), /made/, grab)
      await until('alice is there again', async () => { await client.sleep('alice', 'asleep').catch(() => {}); return client.wake('alice').then(() => true, () => false) })
      assert.ok((await held()) < 64 * 2 ** 20, 'all of it went with the pod')
    }
  })

  await t.test("terminals are a site's own: none of the neighbour's or the host's go with them", async () => {
    const grab = 'my @t; while (@t < 5000) { last unless sysopen(my $f, "/dev/ptmx", 2); push @t, $f } print scalar(@t), "\n";'
    assert.equal(await perl(host, 'alice', `for (1..3) { next if fork; ${grab} sleep 1; exit } 1 while wait > 0`).then(sum), TERMINALS)
    assert.equal(await perl(host, 'bob', grab).then(sum), TERMINALS)
  })

  await t.test('signals that wait are counted for root of the host, too, and leave it half of what it may have', async () => {
    const queue = 'POSIX::sigprocmask(POSIX::SIG_BLOCK, POSIX::SigSet->new(40)); kill 40, $$ for 1..1100; sleep 3; exit'
    const flood = perl(host, 'alice', `use POSIX (); for my $uid (1..110) { next if fork; $> = $< = $uid; ${queue} } sleep 1; print "there\n"; 1 while wait > 0`)
    const [, most = 0, all = 0] = /^Max pending signals +(\d+) +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.map(Number) ?? []
    const waiting = () => Number(/^SigQ:\t(\d+)/m.exec(readFileSync('/proc/1/status', 'utf8'))![1])
    await until('many wait', () => waiting() > 0.9 * Math.min(most, 110_000))
    assert.ok(waiting() <= most + 100, `${waiting()} of ${most}`)
    assert.equal(await run(['prlimit', `--sigpending=${all}`, 'perl', '-e', 'print syscall(222, 0, 0, my $id = " " x 8)']), '0', 'the host makes a timer')
    await flood
  })

  await t.test('file locks, abstract sockets, shared memory and process ids are each pod’s own', async () => {
    const [, bob] = await client.list()
    await perl(host, 'alice', 'use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, pack_sockaddr_un("\\0shared")) or die; listen($s, 1); if (!fork) { close STDOUT; close STDERR; sleep 5; exit }')
    assert.match(await perl(host, 'bob', 'use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un("\\0shared")) and print "connected"; print $! + 0'), /^111$/)
    const image = "open(my $f, '<', '/usr/share/zoneinfo/UTC') || open($f, '<', '/etc/passwd'); print flock($f, 6) ? 'locked' : 'taken';"
    // The image is one for all, read-only: who locks a file of it locks it for everyone, so nothing of the house may wait for such a lock.
    assert.match(await perl(host, 'alice', image), /locked/)
    assert.match(await perl(host, 'alice', '$id = shmget(77, 4096, 01666); print defined $id ? "made" : $!'), /made/)
    assert.match(await perl(host, 'bob', '$id = shmget(77, 4096, 0); print defined $id ? "found" : $! + 0'), /^2$/)
    assert.match(await perl(host, 'bob', `print kill(0, ${host.states.life('alice').pid}) ? "seen" : $! + 0`), /^3$/)
    assert.equal((await page(bob!.ipv4)).status, 200)
  })

  await t.test('a fork bomb stays within its pod, and so does an argument list of megabytes', async () => {
    const bob = (await client.list()).find(pod => pod.name === 'bob')!
    assert.match(await inside(host, 'alice', `perl -e 'exec "/bin/true", ("x" x 100000) x 60; print "too long: ", $! + 0'`), /too long: 7/)
    const tasks = () => host.cgroups.tasks(podCgroup(host.instance, 'alice'))
    const bomb = perl(host, 'alice', 'while (1) { fork }').catch(() => '')
    await until('the pod is full', async () => (await tasks()).length >= 128)
    assert.equal((await page(bob.ipv4)).status, 200)
    assert.equal((await tasks()).length, 128)
    await client.sleep('alice', 'asleep')
    await bomb
    assert.equal((await tasks()).length, 1, 'what is left waits to be started')
    assert.equal((await page((await client.wake('alice')).pod.ipv4)).status, 200)
  })
})
