// Debian's Pebble, a real ACME server, for one test: with ports of its own, a certificate that the test's authority signed, and the test's name server to ask.
// Refused nonces and authorizations used again are as Pebble has them by default.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { execa } from 'execa'
import { Agent, request } from 'undici'
import { newKey, newLeafKey, signLeaf, signRoot } from '../../../../gateway/certificates/x509.ts'
import { temporary, type Cleaner } from '../../../helpers/temporary.ts'
import type { Place } from '../../../helpers/village.ts'

/** `life`: of its certificates, seconds; five years where nobody says. `at`: in a network namespace of its own, with an address there. */
type Wish = { dns: string; life?: number; at?: { place: Place; address: string }; httpPort?: number; tlsPort?: number; env?: Record<string, string>; binding?: { kid: string; key: string } }

type Made = { ca: string; cert: string; key: string }
let local: Promise<Made> | null = null

/** An authority for servers on 127.0.0.1, and a certificate of it: the same for all of a test file, for making keys takes its time. */
export function localCertificate(): Promise<Made> { return local ??= makeLocal() }

async function makeLocal(): Promise<Made> {
  const rootKey = await newKey(2048)
  const ca = signRoot('localhost', rootKey, Date.now())
  const key = await newLeafKey()
  return { ca, key, cert: signLeaf({ certificate: ca, key: rootKey }, ['localhost', '127.0.0.1'], key, Date.now()) }
}

/** For a server at another address, which is all that it vouches for. */
async function ownCertificate(address: string): Promise<Made> {
  const { stdout } = await execa('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '-', '-subj', '/CN=Pebble', '-addext', `subjectAltName=IP:${address}`])
  const [key = '', ...rest] = stdout.split(/(?=-----BEGIN CERTIFICATE)/)
  return { ca: rest.join(''), cert: rest.join(''), key }
}

/** What a URL answers with; null where nobody does, or not as wished. */
type Fetch = (url: string) => Promise<string | null>

export class Pebble {
  readonly ca: string
  readonly url: string
  readonly #start: () => ChildProcess
  readonly #fetch: Fetch
  readonly #management: string
  #child: ChildProcess
  log = ''

  private constructor(ca: string, urls: { acme: string; management: string }, start: () => ChildProcess, fetch: Fetch) {
    this.ca = ca
    this.url = `${urls.acme}/dir`
    this.#management = urls.management
    this.#fetch = fetch
    this.#start = start
    this.#child = this.#run()
  }

  /** Resolves when it answers. `dns`: ADDRESS:PORT that it resolves names at. */
  static async start(t: Cleaner, wish: Wish): Promise<Pebble> {
    const directory = temporary(t, 'pebble')
    const address = wish.at?.address ?? '127.0.0.1'
    const { ca, cert, key } = wish.at ? await ownCertificate(address) : await localCertificate()
    const [acme = 0, management = 0, httpPort = 0, tlsPort = 0] = await freePorts(4)
    writeFileSync(`${directory}/cert.pem`, cert)
    writeFileSync(`${directory}/key.pem`, key, { mode: 0o600 })
    const config = {
      listenAddress: `${address}:${acme}`, managementListenAddress: `${address}:${management}`, certificate: `${directory}/cert.pem`, privateKey: `${directory}/key.pem`,
      httpPort: wish.httpPort ?? httpPort, tlsPort: wish.tlsPort ?? tlsPort, ocspResponderURL: '',
      ...(wish.life ? { certificateValidityPeriod: wish.life } : {}),
      externalAccountBindingRequired: wish.binding !== undefined, externalAccountMACKeys: wish.binding ? { [wish.binding.kid]: wish.binding.key } : {},
    }
    writeFileSync(`${directory}/config.json`, JSON.stringify({ pebble: config }))
    const env = { PATH: '/usr/bin:/bin', PEBBLE_VA_NOSLEEP: '1', ...wish.env }
    const [file = '', ...argv] = [...(wish.at ? ['ip', 'netns', 'exec', wish.at.place.netns] : []), 'pebble', '-config', `${directory}/config.json`, '-dnsserver', wish.dns]
    const urls = { acme: `https://${address}:${acme}`, management: `https://${address}:${management}` }
    const pebble = new Pebble(ca, urls, () => spawn(file, argv, { env, stdio: ['ignore', 'pipe', 'pipe'] }), wish.at ? from(wish.at.place, `${directory}/cert.pem`) : here(ca))
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
      if (await this.#fetch(this.url) !== null) return
      if (performance.now() > end || this.#child.exitCode !== null) throw new Error(`Pebble does not answer: ${this.log}`)
      await new Promise(resolve => { setTimeout(resolve, 20) })
    }
  }

  async #manage(path: string): Promise<string> {
    return await this.#fetch(`${this.#management}${path}`) ?? Promise.reject(new Error(`Pebble does not answer for ${path}`))
  }
}

function here(ca: string): Fetch {
  const dispatcher = new Agent({ connect: { ca } })
  return async url => {
    const answer = await request(url, { dispatcher }).catch(() => null)
    const text = await answer?.body.text()
    return answer?.statusCode === 200 ? text ?? '' : null
  }
}

/** Only who is in the namespace reaches it. */
function from(place: Place, ca: string): Fetch {
  return async url => {
    const { code, stdout } = await place.run('curl', '--silent', '--fail', '--noproxy', '*', '--cacert', ca, url)
    return code === 0 ? stdout : null
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
