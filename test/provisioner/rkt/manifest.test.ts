import assert from 'node:assert/strict'
import test from 'node:test'
import { ociConfig } from '../../../provisioner/bundle.ts'
import { instance } from '../../../provisioner/instance.ts'
import { networkConfig } from '../../../provisioner/rkt/house.ts'
import { podManifest } from '../../../provisioner/rkt/manifest.ts'

const config = ociConfig({
  hostname: 'alice', rootfs: '/images/php@2/rootfs', firstId: 7, netns: null, cgroup: '/auberge0/alice/pod', cgroupVersion: 1, volume: '/data/pods/alice/volume',
  files: { '/etc/resolv.conf': '/run/resolv.conf' },
  process: { args: ['/usr/sbin/apache2', '-DFOREGROUND'], env: ['A=b', 'ODD="x" $y `z` \\ = #'], cwd: '/var/www', tty: false, uid: 33, gid: 34 },
})
const manifest = podManifest(config, { id: 'auberge0-alice', image: 'sha512-1', log: '/log', scratch: '/scratch' })
const [app] = manifest.apps

test('the manifest of a pod says what the OCI configuration says', () => {
  assert.equal(manifest.acKind, 'PodManifest')
  assert.equal(manifest.apps.length, 1)
  assert.deepEqual(manifest.userAnnotations, { auberge: 'auberge0-alice' })
  assert.deepEqual(app!.image, { id: 'sha512-1' })
  assert.equal(app!.readOnlyRootFS, true)
  const { exec, user, group, workingDirectory } = app!.app
  assert.deepEqual({ exec, user, group, workingDirectory }, {
    exec: ['/bin/sh', '-c', 'exec "$0" "$@" >>/etc/auberge/log 2>&1', '/usr/sbin/apache2', '-DFOREGROUND'], user: '33', group: '34', workingDirectory: '/var/www',
  })
})

test("an environment's odd characters are written so that systemd reads them as they are", () => {
  assert.deepEqual(app!.app.environment, [{ name: 'A', value: '"b"' }, { name: 'ODD', value: '"\\"x\\" \\$y \\`z\\` \\\\ = #"' }, { name: 'TINI_SUBREAPER', value: '"1"' }])
})

test('only the volume, the small file systems and the log may be written', () => {
  const sources = new Map(manifest.volumes.map(volume => [volume.name, volume]))
  const mounts = app!.mounts.map(({ volume, path }) => `${path} ${sources.get(volume)!.source} ${sources.get(volume)!.readOnly ? 'ro' : 'rw'}`)
  assert.deepEqual(mounts, [
    '/usr /images/php@2/rootfs/usr ro', '/tmp /scratch/tmp rw', '/run /scratch/run rw', '/var/log /scratch/var/log rw',
    '/var/www /data/pods/alice/volume rw', '/etc/resolv.conf /run/resolv.conf ro', '/etc/auberge/log /log rw',
  ])
  assert.ok(manifest.volumes.every(({ kind, recursive }) => kind === 'host' && !recursive))
})

test('isolators are the capabilities, the calls and the privileges of every other pod', () => {
  const isolators = new Map(app!.app.isolators.map(({ name, value }) => [name, value]))
  assert.deepEqual(isolators.get('os/linux/capabilities-retain-set'), { set: config.process.capabilities.bounding })
  assert.equal(isolators.get('os/linux/no-new-privileges'), true)
  assert.equal(isolators.get('os/linux/oom-score-adj'), 300)
  const { set, errno } = isolators.get('os/linux/seccomp-retain-set') as { set: string[]; errno: string }
  assert.equal(errno, 'ENOSYS')
  for (const call of ['accept4', 'clone', 'execve', 'newfstatat', 'socket']) assert.ok(set.includes(call), call)
  for (const call of ['bpf', 'clone3', 'keyctl', 'mount', 'ptrace', 'setns', 'unshare']) assert.ok(!set.includes(call), call)
  assert.equal(new Set(set).size, set.length)
})

test("the house's network for rkt is its bridge, with nothing of its own", () => {
  assert.deepEqual(networkConfig(instance(2, 'fd12:3:4')), {
    cniVersion: '0.1.0', name: 'auberge2', type: 'bridge', bridge: 'auberge2', isGateway: false, ipMasq: false,
    ipam: { type: 'host-local', subnet: '10.213.32.0/20', gateway: '10.213.32.1', routes: [{ dst: '0.0.0.0/0' }] },
  })
})
