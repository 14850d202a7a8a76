// A store of images for one test: versions of this machine's image `php` that share its files and differ in their configuration, as if each had been built.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { ensureImage } from '../../provisioner/images/build.ts'
import { IMAGES, type ContainerConfig, type ImageConfig } from '../../provisioner/images/store.ts'

export type Store = { directory: string; add(version: number, change?: Partial<ContainerConfig>, builtAt?: number): void }

/** Empty; PHP finds the version it runs on in the variable IMAGE. Gone after the test. */
export async function imageStore(t: { after: (act: () => void) => void }): Promise<Store> {
  const { version: built } = await ensureImage('php', () => {})
  const directory = mkdtempSync(`${tmpdir()}/auberge-images-`)
  // The pods' ids have to pass through it, as through the machine's.
  chmodSync(directory, 0o755)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return { directory, add: (version, change, builtAt) => add(directory, `${IMAGES}/php@${built}`, version, change, builtAt) }
}

function add(store: string, source: string, version: number, change: Partial<ContainerConfig> = {}, builtAt = Date.now()): void {
  const fresh = `${store}/.building-php@${version}`
  mkdirSync(fresh)
  symlinkSync(`${source}/rootfs`, `${fresh}/rootfs`)
  const { config, ...rest } = JSON.parse(readFileSync(`${source}/config.json`, 'utf8')) as ImageConfig
  writeFileSync(`${fresh}/config.json`, JSON.stringify({ ...rest, config: { ...config, Env: [...config.Env, `IMAGE=${version}`], ...change } }))
  writeFileSync(`${fresh}/image.json`, JSON.stringify({ ...JSON.parse(readFileSync(`${source}/image.json`, 'utf8')) as object, version, builtAt }))
  renameSync(fresh, `${store}/php@${version}`)
}
