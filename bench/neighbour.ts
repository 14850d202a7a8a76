// What a noisy neighbour does to another site: the 99th percentile of a quiet site's PHP page through the whole house while a site beside it is at its limits,
// against the same with the neighbour asleep, taken just before. `npm run bench -- neighbour [--rounds=3] [--seconds=6] [--only=cpu]`. Needs h2load and wrk (Debian: nghttp2-client, wrk).
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import type { TestContext } from 'node:test'
import { startHouse, type TestHouse } from '../test/helpers/house.ts'
import { exec, flag, pause } from './relay/rig.ts'
import { median, type Result } from './table.ts'

/** Requests a second to the quiet site: what it takes to see a 99th percentile, a tenth of what it can. */
const RATE = 40
const CONNECTIONS = 8
/** Milliseconds a noise has to reach the neighbour's limits, and quiet to come back, before anything is measured. */
const RAMP = 2500
const PASSWORD = 'the neighbours sleep badly'

/** The quiet page reads and writes files, as a real one does; the noisy one burns the processor. */
const PAGES = {
  quiet: `<?php $f = '/var/www/tmp/' . getmypid(); file_put_contents($f, str_repeat('x', 4096)); for ($i = 0, $h = file_get_contents($f); $i < 200; $i++) $h = md5($h . $i); echo $h;`,
  noisy: `<?php $end = microtime(true) + .2; while (microtime(true) < $end) md5('x'); echo 'done';`,
}

/** Each as a shell command inside the noisy pod; `connections` comes from outside. */
const NOISES: Record<string, string> = {
  cpu: 'for i in $(seq 16); do (while :; do :; done) & done; wait',
  memory: `for i in 1 2 3 4; do (while :; do perl -e '$x = "x" x (60 << 20); for (1..20) { substr($x, $_ << 12, 1) = "y" } $y = "z" x (400 << 20)'; done) & done; wait`,
  cache: 'head -c 700M /dev/zero > /var/www/tmp/big; for i in 1 2 3 4; do (while :; do cat /var/www/tmp/big > /dev/null; done) & done; wait',
  disk: 'for i in 1 2 3 4; do (while :; do dd if=/dev/zero of=/var/www/tmp/big$i bs=1M count=200; rm /var/www/tmp/big$i; done) & done; wait',
  sync: 'for i in 1 2 3 4 5 6 7 8; do (while :; do dd if=/dev/zero of=/var/www/tmp/small$i bs=4k count=64 oflag=dsync; done) & done; wait',
  processes: "while :; do perl -e '$SIG{CHLD} = \"IGNORE\"; for (1..20000) { $p = fork; exit if defined $p && !$p }'; done",
  connections: ':',
}
NOISES.all = `(${NOISES.cpu}) & (${NOISES.memory}) & (${NOISES.disk}) & (${NOISES.sync}) & wait`

export async function run(flags: string[]): Promise<Result[]> {
  const rounds = Number(flag(flags, 'rounds') ?? 3)
  const seconds = Number(flag(flags, 'seconds') ?? 6)
  const only = flag(flags, 'only')
  const closers: (() => unknown)[] = []
  const house = await startHouse({ after: (close: () => unknown) => closers.push(close) } as unknown as TestContext)
  try {
    await furnish(house)
    await p99(house, seconds)
    const results: Result[] = []
    for (const name of Object.keys(NOISES)) if (only === undefined || only === name) results.push(await measure(house, name, rounds, seconds))
    return results
  } finally {
    for (const close of closers) await close()
  }
}

/** Two sites with their pages, both awake. */
async function furnish(house: TestHouse): Promise<void> {
  await told(house, 'account', 'create', 'owner', '--password-stdin', { input: `${PASSWORD}\n` })
  for (const [name, page] of Object.entries(PAGES)) {
    await told(house, 'site', 'create', name, '--owner', 'owner')
    await told(house, 'site', 'exec', name, '--', 'sh', '-c', 'printf %s "$1" > /var/www/html/index.php', 'sh', page)
    await told(house, 'site', 'wake', name)
  }
}

async function told(house: TestHouse, ...words: (string | { input: string })[]): Promise<void> {
  const { code, stderr } = await house.auberge(...words)
  if (code !== 0) throw new Error(`auberge ${words.filter(word => typeof word === 'string').join(' ')}: ${stderr}`)
}

async function measure(house: TestHouse, name: string, rounds: number, seconds: number): Promise<Result> {
  const quiet: number[] = []
  const noisy: number[] = []
  for (let round = 0; round < rounds; round++) {
    await told(house, 'site', 'sleep', 'noisy')
    await pause(RAMP)
    quiet.push(await p99(house, seconds))
    await told(house, 'site', 'wake', 'noisy')
    const noise = begin(house, name)
    await pause(RAMP)
    noisy.push(await p99(house, seconds))
    await Promise.all(noise.map(ended))
  }
  const [ours, peer] = [median(noisy), median(quiet)]
  const spread = `quiet ${quiet.map(value => value.toFixed(1)).join(', ')}; noisy ${noisy.map(value => value.toFixed(1)).join(', ')}`
  return { name: `p99 beside a neighbour at its limits: ${name}`, unit: 'ms', ours, peers: { quiet: peer }, ratios: { quiet: ours / peer }, n: rounds, conditions: `${RATE} requests/s, ${seconds} s a run; ${spread}` }
}

function begin(house: TestHouse, name: string): ChildProcess[] {
  const command = [process.execPath, new URL('../bin/auberge.mjs', import.meta.url).pathname, 'site', 'exec', 'noisy', '--data', house.data, '--', 'bash', '-c', NOISES[name] ?? ':']
  const visitors = ['wrk', '-t1', '-c200', '-d120s', '--timeout', '30s', '-H', `Host: noisy.localhost`, `http://127.0.0.1:${house.http}/`]
  const commands = [...(name === 'connections' ? [] : [command]), ...(name === 'connections' || name === 'all' ? [visitors] : [])]
  return commands.map(([file = '', ...args]) => spawn(file, args, { stdio: 'ignore' }))
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** Milliseconds, each from when the request was sent. */
async function p99(house: TestHouse, seconds: number): Promise<number> {
  const log = `${house.data}/times-${Date.now()}`
  const { stdout } = await exec('h2load', ['--h1', '-c', String(CONNECTIONS), '--rps', String(RATE / CONNECTIONS), '-D', String(seconds), `--log-file=${log}`, `--connect-to=127.0.0.1:${house.http}`, 'http://quiet.localhost/'])
  if (!/ 0 failed, 0 errored/.test(stdout)) throw new Error(`h2load reports: ${stdout}`)
  const times = (await readFile(log, 'latin1')).trim().split('\n').map(line => Number(line.split('\t')[2]) / 1000)
  await rm(log)
  return Float64Array.from(times).sort()[Math.floor(times.length * 0.99)] ?? NaN
}
