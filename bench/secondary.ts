// How long real secondaries take to follow a zone of 10,000 names through 1,000 changes, and whether they end identical.
// Called by bench/main.ts as `npm run bench -- secondary`. Needs Debian's knot, nsd and bind9-dnsutils.
import { cpuSeconds } from './dns-peers.ts'
import { freePort, COPY_KEY, recordsAt, serialAt, startCopy } from '../test/dns/copies.ts'
import { boundBoth, dataDirectory, openDesk, sampleZone, startNameServer } from '../test/dns/nameserver.ts'
import { until } from '../test/helpers/patience.ts'
import type { Result } from './table.ts'

const NAMES = 10_000
const CHANGES = 1_000
const FIRST = 7
const PATIENCE = 300_000

/** Throws where a secondary ends with other records than ours. */
export async function run(): Promise<Result[]> {
  const results: Result[] = []
  for (const kind of ['knot', 'nsd'] as const) results.push(...await follow(kind))
  return results
}

async function follow(kind: 'knot' | 'nsd'): Promise<Result[]> {
  const port = await freePort()
  const house = await openHouse(port)
  const copy = startCopy(kind, port, house.port)
  try {
    await until(`${kind} has the zone`, async () => await serialAt(port) !== null, PATIENCE)
    const [start, before] = [performance.now(), cpuSeconds(house.pid)]
    for (let n = 1; n <= CHANGES; n += 1) await house.change(n)
    const changed = performance.now()
    await until(`${kind} has the last change`, async () => await serialAt(port) === FIRST + CHANGES, PATIENCE)
    const [end, cpu] = [performance.now(), cpuSeconds(house.pid) - before]
    await compareAll(house.port, port)
    const conditions = `${NAMES} names, ${CHANGES} changes one after the other in ${((changed - start) / 1000).toFixed(1)} s, TSIG, over loopback; ${kind} ends with the same records`
    const result = (unit: string, ours: number): Result => ({ name: `secondary ${kind}`, unit, ours, peers: {}, ratios: {}, n: 1, conditions })
    return [result('milliseconds behind the last change', end - changed), result('CPU milliseconds of the primary', cpu * 1000)]
  } finally {
    await copy.close()
    await house.close()
  }
}

type House = { port: number; pid: number; change: (n: number) => Promise<void>; close: () => Promise<void> }

async function openHouse(secondary: number): Promise<House> {
  const names = Object.fromEntries(Array.from({ length: NAMES }, (_, n) => [`n${n}`, { a: [`10.${n >> 16}.${n >> 8 & 255}.${n & 255}`], aaaa: ['2001:db8::1'] }]))
  const { data, remove } = dataDirectory(sampleZone({ serial: FIRST, names }))
  const { udp, tcp } = await boundBoth()
  const copies = { secondaries: [{ name: null, address: '127.0.0.1', port: secondary, keyFile: 'key' }], keys: { key: COPY_KEY } }
  const server = startNameServer(data, 'example', udp.fd, tcp.fd, '127.0.0.1', copies)
  tcp.close()
  await server.ready
  const desk = await openDesk(data)
  const change = (n: number): Promise<void> => desk.send({ type: 'names', serial: FIRST + n, names: changeOf(n) })
  const close = async (): Promise<void> => { desk.close(); server.child.kill('SIGTERM'); await server.exit; udp.close(); remove() }
  return { port: udp.port, pid: server.child.pid ?? 0, change, close }
}

/** New names, names that go and names that move, a third each. */
function changeOf(n: number): Record<string, { a: string[]; aaaa: string[] } | null> {
  if (n % 3 === 0) return { [`new${n}`]: { a: ['192.0.2.1'], aaaa: [] } }
  return { [`n${n * 7_919 % NAMES}`]: n % 3 === 1 ? null : { a: [`192.0.2.${n % 256}`], aaaa: [] } }
}

async function compareAll(ours: number, theirs: number): Promise<void> {
  const [mine, copied] = [await recordsAt(ours, 'signed'), new Set(await recordsAt(theirs, 'unsigned'))]
  const missing = mine.filter(line => !copied.has(line))
  if (mine.length !== copied.size || missing.length > 0) throw new Error(`${mine.length} records here, ${copied.size} there; missing ${missing.slice(0, 5).join(' | ')}`)
}
