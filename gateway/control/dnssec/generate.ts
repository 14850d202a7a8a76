// New keys for the zone, made off the event loop. Called by signing.ts.
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import type { Key } from '../../../registry/keyring.ts'
import { dnskeyData, keyTag } from '../../../wire/dnskey.ts'

const generate = promisify(generateKeyPair)

/** A key whose tag is none of `taken`: validators try every key of a tag (RFC 4034 appendix B), so that each has one of its own. */
export async function generateKey(taken: readonly number[]): Promise<Key> {
  for (;;) {
    const { publicKey, privateKey } = await generate('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    const point = Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
    const tag = keyTag(dnskeyData(point))
    if (taken.includes(tag)) continue
    const secret = privateKey.export({ type: 'pkcs8', format: 'der' })
    return { tag, publicKey: point.toString('base64'), privateKey: secret.toString('base64'), madeAt: Date.now() }
  }
}
