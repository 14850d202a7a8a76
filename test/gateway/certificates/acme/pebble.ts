// Debian's Pebble, a real ACME server, for one test: with ports of its own, a certificate that the test's authority signed, and the test's name server to ask.
// Refused nonces and authorizations used again are as Pebble has them by default.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { Agent, request } from 'undici'
import { newKey, newLeafKey, signLeaf, signRoot } from '../../../../gateway/certificates/x509.ts'
import { temporary } from '../../../helpers/temporary.ts'

type Wish = { dns: string; httpPort?: number; tlsPort?: number; env?: Record<string, string>; binding?: { kid: string; key: string } }

/** An authority for servers on 127.0.0.1, and a certificate of it. */
export async function localCertificate(): Promise<{ ca: string; cert: string; key: string }> {
  const rootKey = await newKey()
  const ca = signRoot('localhost', rootKey, Date.now())
  const key = await newLeafKey()
  return { ca, key, cert: signLeaf({ certificate: ca, key: rootKey }, ['localhost', '127.0.0.1'], key, Date.now()) }
}

export class Pebble {
  readonly ca: string
  readonly url: string
  readonly #start: () => ChildProcess
  readonly #agent: Agent
  readonly #management: string
  #child: ChildProcess
  log = ''

  private constructor(ca: string, ports: { acme: number; management: number }, start: () => ChildProcess) {
    this.ca = ca
    this.url = `https://127.0.0.1:${ports.acme}/dir`
    this.#management = `https://127.0.0.1:${ports.management}`
    this.#agent = new Agent({ connect: { ca } })
    this.#start = start
    this.#child = this.#run()
  }

  /** Resolves when it answers. `dns`: ADDRESS:PORT that it resolves names at. */
  static async start(t: TestContext, wish: Wish): Promise<Pebble> {
    const directory = temporary(t, 'pebble')
    const { ca, cert, key } = await localCertificate()
    const [acme = 0, management = 0, httpPort = 0, tlsPort = 0] = await freePorts(4)
    writeFileSync(`${directory}/cert.pem`, cert)
    writeFileSync(`${directory}/key.pem`, key, { mode: 0o600 })
    const config = {
      listenAddress: `127.0.0.1:${acme}`, managementListenAddress: `127.0.0.1:${management}`, certificate: `${directory}/cert.pem`, privateKey: `${directory}/key.pem`,
      httpPort: wish.httpPort ?? httpPort, tlsPort: wish.tlsPort ?? tlsPort, ocspResponderURL: '',
      externalAccountBindingRequired: wish.binding !== undefined, externalAccountMACKeys: wish.binding ? { [wish.binding.kid]: wish.binding.key } : {},
    }
    writeFileSync(`${directory}/config.json`, JSON.stringify({ pebble: config }))
    const env = { PATH: '/usr/bin:/bin', PEBBLE_VA_NOSLEEP: '1', ...wish.env }
    const pebble = new Pebble(ca, { acme, management }, () => spawn('pebble', ['-config', `${directory}/config.json`, '-dnsserver', wish.dns], { env, stdio: ['ignore', 'pipe', 'pipe'] }))
    t.after(() => pebble.stop())
    await pebble.#answers()
    return pebble
  }

  /** The root that its certificates end with; anew at each start. */
  async root(index = 0): Promise<string> { return this.#manage(`/roots/${index}`) }

  /** `Valid` or `Revoked`, by the serial number in hexadecimal. */
  async statusOf(serial: string): Promise<{ Status: string; Reason?: number }> {
    return JSON.parse(await this.#manage(`/cert-status-by-serial/${serial.toLowerCase()}`)) as { Status: string; Reason?: number }
  }

  /** Like a server that has lost everything. */
  async restart(): Promise<void> {
    await this.stop()
    await this.begin()
  }

  async begin(): Promise<void> {
    this.#child = this.#run()
    await this.#answers()
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  #run(): ChildProcess {
    const child = this.#start()
    child.on('error', error => { this.log += String(error) })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { this.log += chunk.toString() })
    return child
  }

  async #answers(): Promise<void> {
    const end = performance.now() + 20_000
    for (;;) {
      const answer = await request(this.url, { dispatcher: this.#agent }).catch(() => null)
      await answer?.body.dump()
      if (answer?.statusCode === 200) return
      if (performance.now() > end || this.#child.exitCode !== null) throw new Error(`Pebble does not answer: ${this.log}`)
      await new Promise(resolve => { setTimeout(resolve, 20) })
    }
  }

  async #manage(path: string): Promise<string> {
    const { body } = await request(`${this.#management}${path}`, { dispatcher: this.#agent })
    return body.text()
  }
}

/** Ports that nobody listens at now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}
