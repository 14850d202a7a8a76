// A process that holds certificates as control does and says what they take. Run by bench/domains.ts with a directory and how many: prints MiB and microseconds of CPU for each.
import { makeLeaves } from './leaves.ts'

const [dir = '', count = ''] = process.argv.slice(2)
const made = await makeLeaves(dir, Number(count))
const cpu = made.cpuEach
globalThis.gc?.()
process.stdout.write(JSON.stringify({ held: made.certificates.length, memory: process.memoryUsage().rss / 2 ** 20, cpu }))
