// A small internet for tests: a network namespace that the host routes to, with public addresses (RFC 5737, RFC 3849), those of cloud metadata services,
// a private network and mail servers; every connection is told. Used by the tests of the network.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { run, succeeds } from '../../../provisioner/run.ts'

export const PUBLIC = { ipv4: '198.51.100.2', ipv6: '2001:db8:6::2' }
export const METADATA = { ipv4: '169.254.169.254', ipv6: 'fd00:ec2::254' }
export const PRIVATE = { ipv4: '192.168.213.2', ipv6: 'fd12:ba5e::2' }

const SERVER = `
  const { createServer } = require('node:net')
  const { createSocket } = require('node:dgram')
  const ports = [80, 25, 465, 587, 53]
  let left = ports.length + 1
  const ready = () => { if (--left === 0) console.log('ready') }
  for (const port of ports) createServer(socket => { socket.on('error', () => {}); socket.on('data', data => socket.write(data)); socket.write('hello from ' + socket.localAddress.replace('::ffff:', '') + '\\n') }).listen(port, '::', ready)
  createSocket('udp6').on('message', () => {}).bind(9, '::', ready)`

export type Internet = { netns: string; /** SYNs and datagrams to port 9 that arrived. */ arrived(): Promise<number>; /** Pings that did. */ pinged(): Promise<number> }

/** Gone after the test. */
export async function internet(t: TestContext): Promise<Internet> {
  const netns = `augnet-${process.pid}`
  const [near, far] = [`augn${process.pid}`.slice(0, 15), 'eth0']
  await run(['ip', 'netns', 'add', netns])
  t.after(async () => {
    // By itself the link would be gone some time after the namespace, and the next test's is of the same name.
    await succeeds(['ip', 'link', 'delete', near])
    await run(['ip', 'netns', 'delete', netns])
  })
  await run(['ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', netns])
  await run(['ip', 'link', 'set', near, 'up'])
  for (const line of [`address add 198.51.100.1/24 dev ${near}`, `address add 2001:db8:6::1/64 dev ${near} nodad`, ...[METADATA.ipv4, PRIVATE.ipv4, METADATA.ipv6, PRIVATE.ipv6].map(address => `route add ${address} dev ${near}`)]) await run(['ip', ...line.split(' ')])
  await run(['ip', '-n', netns, 'link', 'set', 'lo', 'up'])
  await run(['ip', '-n', netns, 'link', 'set', far, 'up'])
  for (const { ipv4, ipv6 } of [PUBLIC, METADATA, PRIVATE]) {
    await run(['ip', '-n', netns, 'address', 'add', `${ipv4}/24`, 'dev', far])
    await run(['ip', '-n', netns, 'address', 'add', `${ipv6}/64`, 'dev', far, 'nodad'])
  }
  for (const gateway of ['198.51.100.1', '2001:db8:6::1']) await run(['ip', '-n', netns, 'route', 'add', 'default', 'via', gateway])
  await run(['ip', 'netns', 'exec', netns, 'nft', '--file', '-'], { input: COUNTER })
  await serve(t, netns)
  return { netns, arrived: () => counted(netns, 'syn'), pinged: () => counted(netns, 'ping') }
}

const COUNTER = `table inet seen {
  counter syn {
  }
  counter ping {
  }
  chain input {
    type filter hook input priority filter; policy accept;
    tcp dport 9 counter name syn
    udp dport 9 counter name syn
    icmp type echo-request counter name ping
  }
}
`

async function counted(netns: string, counter: string): Promise<number> {
  const text = await run(['ip', 'netns', 'exec', netns, 'nft', 'list', 'counter', 'inet', 'seen', counter])
  return Number(/packets (\d+)/.exec(text)?.[1])
}

async function serve(t: TestContext, netns: string): Promise<void> {
  const child = spawn('ip', ['netns', 'exec', netns, process.execPath, '-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  await new Promise<void>(resolve => createInterface({ input: child.stdout }).once('line', () => resolve()))
}
