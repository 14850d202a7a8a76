// Images written as App Container Images, from a small tree that stands for one.
import assert from 'node:assert/strict'
import { createReadStream, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import test, { type TestContext } from 'node:test'
import { extract, type Header } from 'tar-stream'
import { imageManifest, writeAci } from '../../../provisioner/images/aci.ts'
import { php } from '../../../provisioner/images/recipes/php.ts'
import { node } from '../../../provisioner/images/recipes/node.ts'
import type { Image } from '../../../provisioner/images/store.ts'
import { temporary } from '../../helpers/temporary.ts'

function image(t: TestContext): Image {
  const rootfs = `${temporary(t)}/rootfs`
  for (const directory of ['dev', 'etc', 'usr/bin']) mkdirSync(`${rootfs}/${directory}`, { recursive: true, mode: 0o755 })
  writeFileSync(`${rootfs}/etc/hosts`, 'here', { mode: 0o644 })
  writeFileSync(`${rootfs}/usr/bin/true`, '', { mode: 0o755 })
  symlinkSync('usr/bin', `${rootfs}/bin`)
  const config = { created: '', architecture: 'amd64', os: 'linux' as const, config: php.config, rootfs: { type: 'layers' as const, diff_ids: [] }, history: [] }
  return { name: 'php', version: 2, bytes: 0, builtAt: 0, recipe: '', rootfs, config }
}

async function entries(file: string): Promise<Map<string, Header & { text: string }>> {
  const found = new Map<string, Header & { text: string }>()
  const tar = createReadStream(file).pipe(extract())
  for await (const entry of tar) found.set(entry.header.name, { ...entry.header, text: await text(entry) })
  return found
}

test('an image is its manifest first, then its tree without what is below /usr, all of it root\'s', async t => {
  const file = `${temporary(t)}/image.aci`
  const source = image(t)
  await writeAci(source, file)
  const all = await entries(file)
  assert.deepEqual([...all.keys()], [
    'manifest', 'rootfs', 'rootfs/bin', 'rootfs/dev', 'rootfs/etc', 'rootfs/etc/hosts', 'rootfs/usr', 'rootfs/dev/fd', 'rootfs/dev/stdin', 'rootfs/dev/stdout', 'rootfs/dev/stderr',
  ])
  assert.deepEqual(JSON.parse(all.get('manifest')!.text), JSON.parse(JSON.stringify(imageManifest(source))))
  assert.equal(all.get('rootfs/etc/hosts')!.text, 'here')
  assert.equal(all.get('rootfs/bin')!.linkname, 'usr/bin')
  assert.equal(all.get('rootfs/dev/stdout')!.linkname, '/proc/self/fd/1')
  for (const { uid, gid, mtime } of all.values()) assert.deepEqual([uid, gid, mtime?.getTime()], [0, 0, 0])
})

test('the same image is the same bytes whenever it is written', async t => {
  const directory = temporary(t)
  const source = image(t)
  await writeAci(source, `${directory}/1.aci`)
  utimesSync(`${source.rootfs}/etc/hosts`, 1, 1)
  await writeAci(source, `${directory}/2.aci`)
  assert.ok(readFileSync(`${directory}/1.aci`).equals(readFileSync(`${directory}/2.aci`)))
})

test('the manifest of an image says what its OCI configuration says', t => {
  const source = image(t)
  assert.deepEqual(imageManifest(source), {
    acKind: 'ImageManifest', acVersion: '0.8.11', name: 'auberge/php',
    labels: [{ name: 'version', value: '2' }, { name: 'os', value: 'linux' }, { name: 'arch', value: 'amd64' }],
    app: {
      exec: ['/usr/sbin/apache2', '-DFOREGROUND'], user: '0', group: '0', workingDirectory: '/var/www',
      environment: php.config.Env.map(entry => ({ name: entry.split('=')[0], value: entry.slice(entry.indexOf('=') + 1) })),
      mountPoints: [{ name: 'usr', path: '/usr', readOnly: true }, { name: 'volume-0', path: '/var/www' }],
      ports: [{ name: 'http', protocol: 'tcp', port: 80 }],
      isolators: [{ name: 'os/linux/no-new-privileges', value: true }],
    },
  })
  const application = imageManifest({ ...source, name: 'node', config: { ...source.config, architecture: 'arm64', config: node.config } })
  assert.deepEqual([application.app.user, application.app.group, application.app.ports[0]!.port, application.labels[2]!.value], ['33', '33', 8080, 'aarch64'])
})
