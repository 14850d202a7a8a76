// What the relay's TLS tests share: certificates of a test's own authority, and a relay that serves with them.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { relayWith, type Running } from './house.ts'
import type { Certificate } from '../../../gateway/messages.ts'
import type { RelayOptions } from '../../../gateway/relay/relay.ts'
import type { Route } from '../../../registry/types.ts'

/** A self-signed certificate for `names`. */
export function certificate(names: string[], options: { trusted?: boolean; kind?: 'ec' | 'rsa' } = {}): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'auberge-tls-'))
  const key = join(folder, 'key.pem')
  const chain = join(folder, 'chain.pem')
  const kind = options.kind === 'rsa' ? ['-newkey', 'rsa:2048'] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const config = join(folder, 'config')
  writeFileSync(config, '[req]\ndistinguished_name=dn\n[dn]\n')
  execFileSync('openssl', ['req', '-x509', ...kind, '-config', config, '-nodes', '-keyout', key, '-out', chain, '-days', '30', '-subj', `/CN=${names[0]}`,
    '-addext', `subjectAltName=${names.map(name => `DNS:${name}`).join(',')}`, '-addext', 'extendedKeyUsage=serverAuth', '-addext', 'keyUsage=digitalSignature,keyCertSign'], { stdio: 'pipe' })
  const made = { names, chain: readFileSync(chain, 'utf8'), key: readFileSync(key, 'utf8'), trusted: options.trusted === true }
  rmSync(folder, { recursive: true })
  return made
}

export const ZONE = certificate(['example.test', '*.example.test'])
export const CUSTOM = certificate(['a.test'], { kind: 'rsa' })

export type Secured = Running & { tls: number }

/** A relay that serves `routes` over plain HTTP and over TLS. */
export async function securedWith(t: TestContext, routes: Route[], certificates: Certificate[] = [ZONE, CUSTOM], options: RelayOptions = {}): Promise<Secured> {
  const running = await relayWith(t, routes, options)
  running.relay.obey({ type: 'certificates', certificates })
  const server = await running.relay.listenTls({ port: 0, host: '127.0.0.1' })
  return { ...running, tls: (server.address() as AddressInfo).port }
}

/** A TLS connection that is through its handshake. */
export async function dialled(t: TestContext, port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false, allowHalfOpen: true, ...options } as ConnectionOptions)
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return socket
}

/** Why a handshake fails; throws where it doesn't. */
export async function refusal(t: TestContext, port: number, options: ConnectionOptions = {}): Promise<string> {
  const failed = await dialled(t, port, options).then(() => null, (error: NodeJS.ErrnoException) => error)
  if (failed === null) throw new Error('the handshake succeeded')
  return failed.code ?? failed.message
}

/** Sends `text` and resolves with what comes back once it matches; throws if the connection ends before. */
export async function reply(socket: TLSSocket, text: string, wanted: RegExp): Promise<string> {
  let held = ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const more = (bytes: Buffer): void => { held += bytes.toString('latin1'); if (wanted.test(held)) resolve(held) }
  const over = (): void => reject(new Error(`ended before ${String(wanted)}: ${JSON.stringify(held)}`))
  socket.on('data', more).on('end', over).on('close', over).write(text, 'latin1')
  return promise.finally(() => socket.off('data', more).off('end', over).off('close', over))
}
