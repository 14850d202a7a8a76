// Builds images with mmdebstrap, from the host's own apt sources. Called by main (set-up) and by the server (`image build`).
import { mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { arch } from 'node:process'
import { isDeepStrictEqual } from 'node:util'
import { execa } from 'execa'
import { AubergeError } from '../../wire/error.ts'
import { lock } from '../lock.ts'
import { finish } from './finish.ts'
import { Progress } from './progress.ts'
import { fingerprint, recipeOf, type Recipe } from './recipe.ts'
import { eraseTree, sweep } from './remove.ts'
import { fetchSettings, sourcesFor } from './sources.ts'
import { find, IMAGES, newest, packagesOf, type Image, type ImageConfig, type ImageRecord } from './store.ts'

/** What `report` is told: the step, a percentage and the milliseconds since the build began. */
export type Report = (state: { step: string; percent: number; elapsed: number }) => void

/** Seconds to wait for a build that another process has under way. */
const PATIENCE = 1800
/** Bytes a build needs at its widest: packages, what is unpacked of them, and some air. Refused before it begins rather than when it has filled the disk of all sites. */
const ROOM = 2 ** 30

/** `ifChanged`: where nothing else came out than the newest version has, that one stays the newest. */
type Options = { store?: string; signal?: AbortSignal; ifChanged?: boolean }

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

/** What mmdebstrap is called with. Man pages, documentation and translations are never unpacked; what is half written counts for nothing, so nothing waits for the disk until the end. */
export function bootstrapCommand(recipe: Recipe, rootfs: string, aptConf: string, sources: string[]): string[] {
  const left = ['man', 'doc', 'info', 'locale', 'lintian', 'bug'].map(each => `--dpkgopt=path-exclude=/usr/share/${each}/*`)
  // Dies with us: a build that nobody waits for would go on writing into a directory that the next one removes.
  return ['setpriv', '--pdeathsig', 'TERM', 'mmdebstrap', '--verbose', '--mode=root', '--format=directory', '--variant=minbase',
    '--components=main', '--dpkgopt=force-unsafe-io', ...left, `--aptopt=${aptConf}`, `--include=${recipe.packages.join(',')}`, recipe.suite, rootfs, ...sources]
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
    await sweep(store)
    return already() ?? await build(recipe, report, store, options)
  } finally {
    await release()
  }
}

async function build(recipe: Recipe, report: Report, store: string, { signal, ifChanged = false }: Options): Promise<Image> {
  const last = newest(recipe.name, store)
  const version = (last?.version ?? 0) + 1
  const directory = `${store}/.building-${recipe.name}@${version}-${process.pid}`
  const tell = teller(report)
  needRoom(store)
  mkdirSync(directory, { mode: 0o755 })
  try {
    await bootstrap(recipe, directory, tell, signal)
    tell.progress.step('trimming and setting modes', 95)
    tell.now()
    await finish(`${directory}/rootfs`, recipe)
    const record = await describe(recipe, version, directory)
    if (ifChanged && last !== null && isSame(record, last, store)) {
      tell.progress.step(`nothing has changed since ${recipe.name}@${last.version}`, 100)
      tell.now()
      return last
    }
    tell.progress.step('writing to disk', 98)
    tell.now()
    await execa('sync', ['--file-system', directory])
    renameSync(directory, `${store}/${recipe.name}@${version}`)
    tell.progress.step(`${recipe.name}@${version} is ready`, 100)
    tell.now()
    return find(recipe.name, version, store)
  } finally {
    await eraseTree(directory)
  }
}

function needRoom(store: string): void {
  const { bavail, bsize } = statfsSync(store)
  const free = bavail * bsize
  if (free < ROOM) throw new AubergeError('failed', `building an image needs ${ROOM / 2 ** 20} MB of free disk and ${store} has ${Math.floor(free / 2 ** 20)} MB; make room (image remove, old backups), then try again`)
}

/** Of the same recipe and the same packages. */
function isSame({ recipe, packages }: ImageRecord, last: Image, store: string): boolean {
  return recipe === last.recipe && isDeepStrictEqual(packages, packagesOf(last, store))
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
  if (/No space left on device/.test(said)) return new AubergeError('failed', `building the image ${recipe.name} filled the disk and was undone; make room, then try again`)
  return new AubergeError('failed', `building the image ${recipe.name} failed; check the network and that apt-get update works on this machine, then try again. mmdebstrap said:\n${said}`)
}

async function describe(recipe: Recipe, version: number, directory: string): Promise<ImageRecord> {
  const builtAt = Date.now()
  const created = new Date(builtAt).toISOString()
  const rootfs = `${directory}/rootfs`
  const record: ImageRecord = { name: recipe.name, version, bytes: await bytesOf(rootfs), builtAt, recipe: fingerprint(recipe), packages: await installedIn(rootfs) }
  const config: ImageConfig = {
    created, architecture: arch === 'x64' ? 'amd64' : arch, os: 'linux', config: recipe.config, rootfs: { type: 'layers', diff_ids: [] },
    history: [{ created, created_by: `mmdebstrap ${recipe.suite}`, comment: recipe.packages.join(' ') }],
  }
  writeFileSync(`${directory}/config.json`, `${JSON.stringify(config, null, 2)}\n`)
  writeFileSync(`${directory}/image.json`, `${JSON.stringify(record, null, 2)}\n`)
  return record
}

async function bytesOf(rootfs: string): Promise<number> {
  const { stdout } = await execa('du', ['--summarize', '--block-size=1', '--', rootfs])
  return Number.parseInt(stdout, 10)
}

async function installedIn(rootfs: string): Promise<Record<string, string>> {
  const { stdout } = await execa('dpkg-query', [`--admindir=${rootfs}/var/lib/dpkg`, '--show', '--showformat=${Package} ${Version}\n'])
  return Object.fromEntries(stdout.split('\n').map(line => line.split(' ') as [string, string]))
}
