// A relay that knows nothing of how few files it may have open. Started by files.test.ts under prlimit(1); says its port, ends with its standard input.
import type { AddressInfo } from 'node:net'
import { Relay } from '../../../gateway/relay/relay.ts'

const relay = new Relay()
const server = await relay.listen({ port: 0, host: '127.0.0.1' })
setInterval(() => relay.report(), 5)
process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
process.stdin.resume().on('end', () => process.exit(0))
