// Which certificate a name is served with, ready for handshakes. Fed by relay.ts from control's messages, asked by door.ts and serve.ts.
import { createSecureContext, type SecureContext } from 'node:tls'
import { logger } from '../../../wire/log.ts'
import { Challenges } from './challenges.ts'
import type { Certificate } from '../../messages.ts'

const log = logger('relay')

/** Mozilla's intermediate configuration: forward secrecy and authenticated encryption only. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')
/** The hybrid post-quantum group first: who doesn't offer it doesn't pay for it. */
const GROUPS = 'X25519MLKEM768:X25519:prime256v1:secp384r1'
/**
 * SSL_OP_NO_RENEGOTIATION, which node:crypto doesn't name, SSL_OP_NO_COMPRESSION, and SSL_OP_PRIORITIZE_CHACHA: our order counts, whose AES-128 comes first
 * and costs least here, except for who puts ChaCha20 first, as devices do that have no AES in hardware.
 */
const OPTIONS = 2 ** 30 + 2 ** 17 + 2 ** 21
/** The same for every certificate and worker, so that a session's ticket is good at each. */
const SESSIONS = 'auberge'

/** Contexts kept at a time. One takes about 30 KiB, and a house may have thousands of certificates: the one unused for the longest is made again when it is needed. */
const MOST = 1_000

/** A certificate as it is served. `state`: whether it can be, once that was tried. `context`: made when it is first needed. */
export type Served = { certificate: Certificate; state: 'untried' | 'good' | 'broken'; context: SecureContext | null }

export class Contexts {
  /** By every name, and by the first. */
  private names = new Map<string, Served>()
  private all = new Map<string, Served>()
  /** Those with a context, the one used last at the end. */
  private readonly made = new Set<Served>()
  private trusted = 0
  private ticketKey: Buffer | null = null
  private readonly challenges: Pick<Challenges, 'certificate'>
  private readonly most: number

  constructor(challenges: Pick<Challenges, 'certificate'> = new Challenges(), most = MOST) {
    this.challenges = challenges
    this.most = most
  }

  get size(): number { return this.all.size }
  /** Contexts that are ready. */
  get ready(): number { return this.made.size }
  /** Whether browsers trust any of them; where not, no request is asked about. */
  get hasTrusted(): boolean { return this.trusted > 0 }

  /** Replaces all. Connections keep what they have; a certificate that is the same keeps its context. */
  replace(certificates: Certificate[]): void {
    const before = this.all
    this.names = new Map()
    this.all = new Map()
    this.trusted = 0
    for (const certificate of certificates) {
      const known = before.get(certificate.names[0] ?? '')
      this.enter(known !== undefined && isSame(known.certificate, certificate) ? Object.assign(known, { certificate }) : fresh(certificate))
    }
    for (const served of this.made) if (this.all.get(served.certificate.names[0] ?? '') !== served) this.made.delete(served)
  }

  /** Adds one, in place of the one whose first name is the same. */
  put(certificate: Certificate): void {
    this.remove(certificate.names[0] ?? '')
    this.enter(fresh(certificate))
  }

  private enter(served: Served): void {
    const { names, trusted } = served.certificate
    this.all.set(names[0] ?? '', served)
    for (const name of names) this.names.set(name, served)
    if (trusted) this.trusted++
  }

  /** Takes away the one whose first name this is. */
  remove(name: string): void {
    const gone = this.all.get(name)
    if (gone === undefined) return
    this.all.delete(name)
    this.made.delete(gone)
    for (const each of gone.certificate.names) if (this.names.get(each) === gone) this.names.delete(each)
    if (gone.certificate.trusted) this.trusted--
  }

  /** Tickets are made and read with this key from now on; older ones mean a full handshake. */
  setTicketKey(key: string): void {
    const bytes = Buffer.from(key, 'base64')
    if (bytes.length !== 48) return log.error({ bytes: bytes.length }, 'a ticket key is not 48 bytes')
    this.ticketKey = bytes
    for (const { context } of this.made) if (context) setKeys(context, bytes)
  }

  /** The certificate that covers a name: its own before the wildcard of exactly one label. */
  find(name: string): Served | undefined {
    const exact = this.names.get(name)
    if (exact !== undefined && this.isGood(exact)) return exact
    const dot = name.indexOf('.')
    const wild = dot < 0 ? undefined : this.names.get(`*${name.slice(dot)}`)
    return wild !== undefined && this.isGood(wild) ? wild : undefined
  }

  /** A certificate that is broken is as if it weren't there. */
  private isGood(served: Served): boolean {
    if (served.state === 'untried') this.contextOf(served)
    return served.state === 'good'
  }

  /** A certificate that answers one ACME challenge (RFC 8737). There are few, each is asked for a few times: its context isn't kept. */
  challenge(name: string): Served | undefined {
    const certificate = this.challenges.certificate(name)
    return certificate === undefined ? undefined : fresh(certificate)
  }

  /** Whether browsers accept what a name is served with. */
  isTrusted(name: string): boolean { return this.hasTrusted && this.find(name)?.certificate.trusted === true }

  /** The context for a handshake; null where the certificate is broken, which is logged once. */
  contextOf(served: Served): SecureContext | null {
    if (served.state === 'broken') return null
    served.context ??= this.make(served.certificate)
    served.state = served.context === null ? 'broken' : 'good'
    if (this.all.get(served.certificate.names[0] ?? '') === served) this.use(served)
    return served.context
  }

  private use(served: Served): void {
    this.made.delete(served)
    if (served.context !== null) this.made.add(served)
    if (this.made.size <= this.most) return
    for (const oldest of this.made) {
      this.made.delete(oldest)
      oldest.context = null
      return
    }
  }

  private make({ names, chain, key }: Certificate): SecureContext | null {
    try {
      const context = createSecureContext({
        cert: chain, key, ciphers: CIPHERS, ecdhCurve: GROUPS, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3',
        honorCipherOrder: true, secureOptions: OPTIONS, sessionIdContext: SESSIONS,
      })
      if (this.ticketKey !== null) setKeys(context, this.ticketKey)
      return context
    } catch (error) {
      log.error({ names, error: String(error) }, 'a certificate cannot be served')
      return null
    }
  }
}

function fresh(certificate: Certificate): Served { return { certificate, state: 'untried', context: null } }

function isSame(a: Certificate, b: Certificate): boolean { return a.chain === b.chain && a.key === b.key }

/** What `tls.Server.setTicketKeys` does. */
function setKeys(context: SecureContext, keys: Buffer): void {
  (context.context as { setTicketKeys(keys: Buffer): void }).setTicketKeys(keys)
}
