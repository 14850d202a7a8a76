import assert from 'node:assert/strict'
import test from 'node:test'
import * as network from '../../provisioner/commands/network.ts'
import * as oci from '../../provisioner/commands/oci.ts'
import * as rkt from '../../provisioner/commands/rkt.ts'
import * as volume from '../../provisioner/commands/volume.ts'

const crun = { program: 'crun', root: '/r' }

const cases: [string, readonly string[], string][] = [
  ['create', oci.create(crun, 'a', '/b', '/b/pid', '/b/log'), 'crun --root /r --log /b/log create --bundle /b --pid-file /b/pid a'],
  ['run', oci.runForeground(crun, 'a', '/b'), 'crun --root /r run --bundle /b a'],
  ['start', oci.start(crun, 'a'), 'crun --root /r start a'],
  ['kill', oci.kill(crun, 'a', 'TERM'), 'crun --root /r kill a TERM'],
  ['remove', oci.remove(crun, 'a'), 'crun --root /r delete --force a'],
  ['list', oci.list(crun), 'crun --root /r list --format json'],
  ['exec', oci.exec(crun, 'a', ['ls', '-l'], { tty: true, cwd: '/var/www', env: { A: 'b' } }), 'choom --adjust 300 -- prlimit --nofile=1024:4096 --core=1:1 --msgqueue=0:0 -- crun --root /r exec --no-new-privs --tty --cwd /var/www --env A=b a ls -l'],
  ['make a volume', volume.make('/v.img', 7), 'mkfs.ext4 -q -F -b 4096 -m 0 -J size=4 -L auberge -E root_owner=7:7,lazy_itable_init=1,lazy_journal_init=1,nodiscard /v.img'],
  ['mount a volume', volume.mount('/v.img', '/v'), 'mount -t ext4 -o loop,nodev,nosuid,noatime,discard /v.img /v'],
  ['write past the cache', volume.direct('/dev/loop1'), 'losetup --direct-io=on /dev/loop1'],
  ['mount a log', volume.mountLog('/l'), 'mount -t tmpfs -o size=2m,nr_inodes=8,mode=0700,nosuid,nodev,noexec auberge-log /l'],
  ['check a volume', volume.check('/v.img'), 'e2fsck -f -p /v.img'],
  ['namespace', network.addNetns('n'), 'ip netns add n'],
  ['isolate', [network.port('veth1', '02:00:00:00:00:01')], 'link set dev veth1 isolated on learning off\nfdb replace 02:00:00:00:00:01 dev veth1 master static\n'],
  ['neighbour', [network.neighbours('br', ['fd00::2'], '02:00:00:00:00:01')], 'neighbour replace fd00::2 lladdr 02:00:00:00:00:01 dev br nud permanent\n'],
  ['an IPv6 address', network.addAddress('br', 'fd00::1/64'), 'ip address replace fd00::1/64 dev br nodad'],
  ['an IPv4 address', network.addAddress('br', '10.0.0.1/20'), 'ip address replace 10.0.0.1/20 dev br'],
]

for (const [what, argv, expected] of cases) test(`the command line to ${what}`, () => assert.equal(argv.join(' '), expected))

test('on a host that mixes cgroup versions crun is shown v1 alone', () => {
  assert.deepEqual(oci.create({ ...crun, mixed: true }, 'a', '/b', '/p', '/l').slice(0, 8), ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', 'umount /sys/fs/cgroup/unified && exec "$@"', 'sh'])
})

const r = { dir: '/d' }
const UUID = '0783b283-0d4a-48f2-b115-c705c61986de'

const rktCases: [string, readonly string[], string][] = [
  ['import an image', rkt.fetch(r, '/a.aci'), 'rkt --dir=/d --insecure-options=image fetch --full /a.aci'],
  ['ask for an image', rkt.imageManifest(r, 'sha512-1'), 'rkt --dir=/d image cat-manifest sha512-1'],
  ['remove an image', rkt.removeImage(r, 'sha512-1'), 'rkt --dir=/d image rm sha512-1'],
  ['prepare a pod', rkt.prepare(r, '/b/pod.json'), 'rkt --dir=/d prepare --quiet --private-users --no-overlay --pod-manifest=/b/pod.json'],
  ['start a prepared pod', rkt.runPrepared(r, UUID, 'auberge0', '10.213.0.2', 'alice'), `rkt --dir=/d run-prepared --net=auberge0:IP=10.213.0.2 --dns=none --hostname=alice ${UUID}`],
  ['stop a pod', rkt.stop(r, UUID), `rkt --dir=/d stop ${UUID}`],
  ['remove a pod', rkt.remove(r, UUID), `rkt --dir=/d rm ${UUID}`],
  ['ask for a pod', rkt.status(r, UUID), `rkt --dir=/d status --format=json ${UUID}`],
  ['list all pods', rkt.list(r), 'rkt --dir=/d list --format=json'],
  ['collect what has ended', rkt.collect(r), 'rkt --dir=/d gc --grace-period=0s --expire-prepared=1000000h'],
  ['wait at a pipe', rkt.gated('/b/start', ['/c/cgroup.procs'], ['rkt', 'x']),
    'sh -c while [ "$1" != -- ]; do echo $$ >"$1" || exit; shift; done; shift; exec 3>&-; read -r _ <"$0" && exec "$@" /b/start /c/cgroup.procs -- rkt x'],
  ['make the pipe', rkt.makePipe('/b/start'), 'mkfifo --mode=0600 /b/start'],
  ['give a tree its owner', rkt.own('/t', 7), 'chown --recursive --no-dereference 7:7 /t'],
  ['mount what may be written', rkt.mountScratch('/s'), 'mount -t tmpfs -o size=88m,nr_inodes=48k,mode=0755,nosuid,nodev auberge-scratch /s'],
  ['name the network of a process', network.attachNetns('n', 7), 'ip netns attach n 7'],
  ['set the MAC inside', network.setMac('n', 'eth0', '02:00:00:00:00:01'), 'ip -netns n link set eth0 address 02:00:00:00:00:01'],
  ['set the IPv6 address inside', network.addAddressInside('n', 'eth0', 'fd00::2/64'), 'ip -netns n address replace fd00::2/64 dev eth0 nodad'],
  ['set the IPv6 route inside', network.addRouteInside('n', 'eth0', 'fd00::1'), 'ip -netns n route replace default via fd00::1 dev eth0'],
]

for (const [what, argv, expected] of rktCases) test(`what is run for pods of rkt: ${what}`, () => assert.equal(argv.join(' '), expected))
