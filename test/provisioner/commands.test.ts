import assert from 'node:assert/strict'
import test from 'node:test'
import * as network from '../../provisioner/commands/network.ts'
import * as oci from '../../provisioner/commands/oci.ts'
import * as volume from '../../provisioner/commands/volume.ts'

const crun = { program: 'crun', root: '/r' }

const cases: [string, readonly string[], string][] = [
  ['create', oci.create(crun, 'a', '/b', '/b/pid', '/b/log'), 'crun --root /r --log /b/log create --bundle /b --pid-file /b/pid a'],
  ['run', oci.runForeground(crun, 'a', '/b'), 'crun --root /r run --bundle /b a'],
  ['start', oci.start(crun, 'a'), 'crun --root /r start a'],
  ['kill', oci.kill(crun, 'a', 'TERM'), 'crun --root /r kill a TERM'],
  ['remove', oci.remove(crun, 'a'), 'crun --root /r delete --force a'],
  ['list', oci.list(crun), 'crun --root /r list --format json'],
  ['exec', oci.exec(crun, 'a', ['ls', '-l'], { tty: true, cwd: '/var/www', env: { A: 'b' } }), 'crun --root /r exec --tty --cwd /var/www --env A=b a ls -l'],
  ['make a volume', volume.make('/v.img', 7), 'mkfs.ext4 -q -F -b 4096 -m 0 -J size=4 -L auberge -E root_owner=7:7,lazy_itable_init=1,lazy_journal_init=1,nodiscard /v.img'],
  ['mount a volume', volume.mount('/v.img', '/v'), 'mount -t ext4 -o loop,nodev,nosuid,noatime /v.img /v'],
  ['mount a log', volume.mountLog('/l'), 'mount -t tmpfs -o size=2m,nr_inodes=8,mode=0700,nosuid,nodev,noexec auberge-log /l'],
  ['check a volume', volume.check('/v.img'), 'e2fsck -f -p /v.img'],
  ['namespace', network.addNetns('n'), 'ip netns add n'],
  ['isolate', network.isolate('veth1'), 'bridge link set dev veth1 isolated on learning off'],
  ['neighbour', network.neighbour('br', 'fd00::2', '02:00:00:00:00:01'), 'ip neighbour replace fd00::2 lladdr 02:00:00:00:00:01 dev br nud permanent'],
  ['an IPv6 address', network.addAddress('br', 'fd00::1/64'), 'ip address replace fd00::1/64 dev br nodad'],
  ['an IPv4 address', network.addAddress('br', '10.0.0.1/20'), 'ip address replace 10.0.0.1/20 dev br'],
]

for (const [what, argv, expected] of cases) test(`the command line to ${what}`, () => assert.equal(argv.join(' '), expected))

test('on a host that mixes cgroup versions crun is shown v1 alone', () => {
  assert.deepEqual(oci.create({ ...crun, mixed: true }, 'a', '/b', '/p', '/l').slice(0, 8), ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', 'umount /sys/fs/cgroup/unified && exec "$@"', 'sh'])
})
