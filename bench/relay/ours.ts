// The relay alone, as the benchmarks measure it: what gateway/relay/main.ts makes, with a site that is awake, its access log included, and orders from standard input in place of control; `collect` frees what is garbage, under --expose-gc.
// Arguments: port (or `fd` for a listening socket inherited as descriptor 3), backend port, routes in the table, directory of the access logs, and for TLS that of cert.pem and key.pem.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { Journal } from '../../gateway/relay/access/journal.ts'
import { fitted, openFiles } from '../../gateway/relay/descriptors.ts'
import { Relay } from '../../gateway/relay/relay.ts'
import { SETTINGS } from '../../gateway/relay/settings.ts'
import type { FromRelay, ToRelay } from '../../gateway/messages.ts'
import type { Route } from '../../registry/types.ts'

const [where = '0', backend = '0', count = '1', directory = tmpdir(), secrets = ''] = process.argv.slice(2)
const upstream = { address: '127.0.0.1', port: Number(backend) }
const routes: Route[] = [{ host: 'bench.test', kind: 'site', site: 'bench', state: 'running', upstream }]
for (let i = 1; i < Number(count); i++) routes.push({ host: `h${i}.bench.test`, kind: 'static', upstream })
// Apache's 24 processes bound a pod's connections; the nginx behind has no such bound, nor have the peers.
const journal = new Journal({ directory, worker: process.pid, warn: (dropped, why) => console.error(`${dropped} lines lost: ${why}`) })
const relay = new Relay({ journal, settings: { perPod: SETTINGS.perUpstream, ...fitted(await openFiles(), SETTINGS) }, trustedProxies: [], tell: message => tell(message) })
relay.replace(1, 'bench.test', routes)
setInterval(() => relay.report(), relay.settings.counts)
createInterface({ input: process.stdin }).on('line', line => line === 'collect' ? globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }) : relay.obey(JSON.parse(line) as ToRelay))
const door = where === 'fd' ? { fd: 3 } : { port: Number(where), host: '127.0.0.1' }
if (secrets === '') await relay.listen(door)
else {
  const [chain, key] = ['cert', 'key'].map(name => readFileSync(`${secrets}/${name}.pem`, 'utf8'))
  relay.obey({ type: 'certificates', certificates: [{ names: ['bench.test', '*.bench.test'], chain: chain ?? '', key: key ?? '', trusted: false }] })
  await relay.listenTls(door)
}

function tell(message: FromRelay): void { process.stdout.write(`${JSON.stringify(message)}\n`) }
