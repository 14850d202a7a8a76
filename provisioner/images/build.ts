// Builds images with mmdebstrap, from the host's own apt sources. Called by main (set-up) and by the server (`image build`).
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { arch } from 'node:process'
import { execa } from 'execa'
import { AubergeError } from '../../wire/error.ts'
import { lock } from '../lock.ts'
import { finish } from './finish.ts'
import { Progress } from './progress.ts'
import { fingerprint, recipeOf, type Recipe } from './recipe.ts'
import { fetchSettings, sourcesFor } from './sources.ts'
import { find, IMAGES, newest, type Image, type ImageConfig, type ImageRecord } from './store.ts'

/** What `report` is told: the step, a percentage and the milliseconds since the build began. */
export type Report = (state: { step: string; percent: number; elapsed: number }) => void

/** Seconds to wait for a build that another process has under way. */
const PATIENCE = 1800

type Options = { store?: string; signal?: AbortSignal }

/** Whether the newest version of an image is made of its recipe as it is now. */
export function isFresh(name: string, store?: string): boolean {
  return fresh(recipeOf(name), store) !== null
}

/** The newest version of an image, built first if there is none or its recipe has changed. */
export async function ensureImage(name: string, report: Report, options: Options = {}): Promise<Image> {
  const recipe = recipeOf(name)
  return fresh(recipe, options.store) ?? locked(recipe, report, options, () => fresh(recipe, options.store))
}

/** Builds a new version beside the others. The store's lock is held meanwhile; an interrupted build leaves nothing that counts. */
export async function buildImage(name: string, report: Report, options: Options = {}): Promise<Image> {
  return locked(recipeOf(name), report, options, () => null)
}

/** What mmdebstrap is called with. Man pages, documentation and translations are never unpacked. */
export function bootstrapCommand(recipe: Recipe, rootfs: string, aptConf: string, sources: string[]): string[] {
  const left = ['man', 'doc', 'info', 'locale', 'lintian', 'bug'].map(each => `--dpkgopt=path-exclude=/usr/share/${each}/*`)
  // Dies with us: a build that nobody waits for would go on writing into a directory that the next one removes.
  return ['setpriv', '--pdeathsig', 'TERM', 'mmdebstrap', '--verbose', '--mode=root', '--format=directory', '--variant=minbase',
    '--components=main', ...left, `--aptopt=${aptConf}`, `--include=${recipe.packages.join(',')}`, recipe.suite, rootfs, ...sources]
}

function fresh(recipe: Recipe, store = IMAGES): Image | null {
  const image = newest(recipe.name, store)
  return image?.recipe === fingerprint(recipe) ? image : null
}

async function locked(recipe: Recipe, report: Report, options: Options, already: () => Image | null): Promise<Image> {
  const store = options.store ?? IMAGES
  mkdirSync(store, { recursive: true, mode: 0o755 })
  const notice = setTimeout(() => report({ step: 'waiting for another build', percent: 0, elapsed: 0 }), 500)
  const release = await lock(`${store}/.lock`, PATIENCE).finally(() => clearTimeout(notice))
  try {
    sweep(store)
    return already() ?? await build(recipe, report, store, options.signal)
  } finally {
    await release()
  }
}

/** What interrupted builds and removals left. Only under the lock. */
function sweep(store: string): void {
  for (const name of readdirSync(store)) {
    if (/^\.(building|removed)-/.test(name)) rmSync(`${store}/${name}`, { recursive: true, force: true })
  }
}

async function build(recipe: Recipe, report: Report, store: string, signal?: AbortSignal): Promise<Image> {
  const version = (newest(recipe.name, store)?.version ?? 0) + 1
  const directory = `${store}/.building-${recipe.name}@${version}-${process.pid}`
  const tell = teller(report)
  mkdirSync(directory, { mode: 0o755 })
  try {
    await bootstrap(recipe, directory, tell, signal)
    tell.progress.step('trimming and setting modes', 95)
    tell.now()
    await finish(`${directory}/rootfs`, recipe)
    await describe(recipe, version, directory)
    tell.progress.step('writing to disk', 98)
    tell.now()
    await execa('sync', ['--file-system', directory])
    renameSync(directory, `${store}/${recipe.name}@${version}`)
    tell.progress.step(`${recipe.name}@${version} is ready`, 100)
    tell.now()
    return find(recipe.name, version, store)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Reports whenever the step or the percentage moved. */
function teller(report: Report): { progress: Progress; now: () => void } {
  const progress = new Progress()
  const begun = Date.now()
  let last = ''
  const now = () => {
    const state = progress.state
    const key = `${state.step} ${state.percent}`
    if (key !== last) report({ ...state, elapsed: Date.now() - begun })
    last = key
  }
  return { progress, now }
}

async function bootstrap(recipe: Recipe, directory: string, tell: ReturnType<typeof teller>, signal?: AbortSignal): Promise<void> {
  const aptConf = `${directory}/apt.conf`
  writeFileSync(aptConf, await fetchSettings(), { mode: 0o600 })
  const [command, ...args] = bootstrapCommand(recipe, `${directory}/rootfs`, aptConf, sourcesFor(recipe.suite))
  const tail: string[] = []
  const child = execa(command!, args, { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe', buffer: false, reject: false, env: { LC_ALL: 'C.UTF-8' }, ...(signal && { cancelSignal: signal }) })
  for await (const line of child.iterable({ from: 'stderr' })) {
    tell.progress.line(line)
    tell.now()
    if (/^(E|W|Err|error|dpkg: error)\b/.test(line)) tail.push(line)
  }
  const result = await child
  rmSync(aptConf, { force: true })
  if (result.failed) throw failure(recipe, tail, result.shortMessage ?? '')
}

function failure(recipe: Recipe, tail: string[], why: string): AubergeError {
  const said = tail.slice(-6).join('\n') || why
  return new AubergeError('failed', `building the image ${recipe.name} failed; check the network and that apt-get update works on this machine, then try again. mmdebstrap said:\n${said}`)
}

async function describe(recipe: Recipe, version: number, directory: string): Promise<void> {
  const builtAt = Date.now()
  const created = new Date(builtAt).toISOString()
  const rootfs = `${directory}/rootfs`
  const record: ImageRecord = { name: recipe.name, version, bytes: await bytesOf(rootfs), builtAt, recipe: fingerprint(recipe), packages: await packagesOf(rootfs) }
  const config: ImageConfig = {
    created, architecture: arch === 'x64' ? 'amd64' : arch, os: 'linux', config: recipe.config, rootfs: { type: 'layers', diff_ids: [] },
    history: [{ created, created_by: `mmdebstrap ${recipe.suite}`, comment: recipe.packages.join(' ') }],
  }
  writeFileSync(`${directory}/config.json`, `${JSON.stringify(config, null, 2)}\n`)
  writeFileSync(`${directory}/image.json`, `${JSON.stringify(record, null, 2)}\n`)
}

async function bytesOf(rootfs: string): Promise<number> {
  const { stdout } = await execa('du', ['--summarize', '--block-size=1', '--', rootfs])
  return Number.parseInt(stdout, 10)
}

async function packagesOf(rootfs: string): Promise<Record<string, string>> {
  const { stdout } = await execa('dpkg-query', [`--admindir=${rootfs}/var/lib/dpkg`, '--show', '--showformat=${Package} ${Version}\n'])
  return Object.fromEntries(stdout.split('\n').map(line => line.split(' ') as [string, string]))
}
