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

/** A certificate as it is served. `context` is made when it is first needed: a house may have thousands; null where it can't be. */
export type Served = { certificate: Certificate; context: SecureContext | null | undefined }

export class Contexts {
  private names = new Map<string, Served>()
  private all: Served[] = []
  private ticketKey: Buffer | null = null
  private readonly challenges: Pick<Challenges, 'certificate'>
  /** Whether browsers trust any of them; where not, no request is asked about. */
  hasTrusted = false

  constructor(challenges: Pick<Challenges, 'certificate'> = new Challenges()) { this.challenges = challenges }

  get size(): number { return this.all.length }

  /** Replaces all. Connections keep what they have; a certificate that is the same keeps its context. */
  replace(certificates: Certificate[]): void {
    const before = new Map(this.all.map(served => [identity(served.certificate), served.context]))
    this.all = certificates.map(certificate => ({ certificate, context: before.get(identity(certificate)) }))
    this.names = new Map()
    for (const served of this.all) for (const name of served.certificate.names) this.names.set(name, served)
    this.hasTrusted = certificates.some(certificate => certificate.trusted)
  }

  /** Adds one, in place of the one whose first name is the same. */
  put(certificate: Certificate): void {
    this.remove(certificate.names[0] ?? '')
    const served: Served = { certificate, context: undefined }
    this.all.push(served)
    for (const name of certificate.names) this.names.set(name, served)
    this.hasTrusted ||= certificate.trusted
  }

  /** Takes away the one whose first name this is. */
  remove(name: string): void {
    const gone = this.names.get(name)
    if (gone === undefined || gone.certificate.names[0] !== name) return
    this.all = this.all.filter(served => served !== gone)
    for (const each of gone.certificate.names) if (this.names.get(each) === gone) this.names.delete(each)
    this.hasTrusted = this.all.some(({ certificate }) => certificate.trusted)
  }

  /** Tickets are made and read with this key from now on; older ones mean a full handshake. */
  setTicketKey(key: string): void {
    const bytes = Buffer.from(key, 'base64')
    if (bytes.length !== 48) return log.error({ bytes: bytes.length }, 'a ticket key is not 48 bytes')
    this.ticketKey = bytes
    for (const { context } of this.all) if (context) setKeys(context, bytes)
  }

  /** The certificate that covers a name: its own before the wildcard of exactly one label. */
  find(name: string): Served | undefined {
    const exact = this.names.get(name)
    if (exact !== undefined && this.contextOf(exact) !== null) return exact
    const dot = name.indexOf('.')
    const wild = dot < 0 ? undefined : this.names.get(`*${name.slice(dot)}`)
    return wild !== undefined && this.contextOf(wild) !== null ? wild : undefined
  }

  /** A certificate that answers one ACME challenge (RFC 8737). There are few, each is asked for a few times: its context isn't kept. */
  challenge(name: string): Served | undefined {
    const certificate = this.challenges.certificate(name)
    return certificate === undefined ? undefined : { certificate, context: undefined }
  }

  /** Whether browsers accept what a name is served with. */
  isTrusted(name: string): boolean { return this.hasTrusted && this.find(name)?.certificate.trusted === true }

  /** Made once; a certificate that is broken is logged and is as if it weren't there. */
  contextOf(served: Served): SecureContext | null {
    if (served.context === undefined) served.context = this.make(served.certificate)
    return served.context
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

function identity({ chain, key }: Certificate): string { return `${chain}\n${key}` }

/** What `tls.Server.setTicketKeys` does. */
function setKeys(context: SecureContext, keys: Buffer): void {
  (context.context as { setTicketKeys(keys: Buffer): void }).setTicketKeys(keys)
}
