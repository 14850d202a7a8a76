// A process that makes certificates as control does, or holds those that are kept as control does after a start. Run by bench/domains.ts with `make` or `hold`, a directory and
// how many: prints MiB of memory, and of them the heap's, and microseconds of CPU for each.
import { Certificates } from '../../gateway/certificates/certificates.ts'
import { makeLeaves, nameOf, optionsAt } from './leaves.ts'

const [what, dir = '', many = ''] = process.argv.slice(2)
const count = Number(many)
const before = process.cpuUsage()
const held = what === 'make' ? await makeLeaves(dir, count) : await Certificates.open({ ...optionsAt(dir), domains: Array.from({ length: count }, (_, index) => nameOf(index)) })
const { user, system } = process.cpuUsage(before)
globalThis.gc?.()
process.stdout.write(JSON.stringify({ memory: process.memoryUsage().rss / 2 ** 20, heap: process.memoryUsage().heapUsed / 2 ** 20, cpu: (user + system) / count }))
if (held instanceof Certificates) await held.close()
