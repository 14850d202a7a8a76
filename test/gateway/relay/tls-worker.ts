// A relay that speaks TLS, as a process of its own: for tls-workers.test.ts. Standard input: certificates and ticket keys, a message a line; output: its port.
import { createInterface } from 'node:readline'
import type { AddressInfo } from 'node:net'
import { Relay } from '../../../gateway/relay/relay.ts'
import type { ToRelay } from '../../../gateway/messages.ts'

const relay = new Relay()
createInterface({ input: process.stdin }).on('line', line => relay.obey(JSON.parse(line) as ToRelay)).once('close', () => process.exit())
const server = await relay.listenTls({ port: 0, host: '127.0.0.1' })
process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
