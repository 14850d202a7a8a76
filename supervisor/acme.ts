// Reads what the options of ACME name as files, as root, before anything is opened. Called by main.ts; control is told in its briefing, and nobody else.
import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { AubergeError } from '../wire/error.ts'
import type { AcmeFiles, House } from '../wire/house.ts'
import { readPrivate } from './keys.ts'

/** Bytes. A bundle of every public authority has a quarter of that. */
const LARGEST = 2 ** 20
/** Bytes of a key: below it a MAC means nothing. */
const SHORTEST = 16

/** Null where the house has nothing to do with an ACME server. Throws `invalid` where a file can't be read or isn't what it should be. */
export function readAcmeFiles(acme: House['acme']): AcmeFiles | null {
  if (acme === 'internal' || acme === 'off') return null
  return { ca: acme.caFile === null ? null : readAuthorities(acme.caFile), bindingKey: acme.binding === null ? null : readBindingKey(acme.binding.keyFile) }
}

function readAuthorities(file: string): string {
  try {
    if (statSync(file).size > LARGEST) throw new Error('too large')
    const pem = readFileSync(file, 'utf8')
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    if (blocks.length === 0) throw new Error('no certificate in it')
    for (const block of blocks) new X509Certificate(block)
    return blocks.join('\n')
  } catch (error) {
    throw new AubergeError('invalid', `--acme-ca-file ${file} can't be used (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}); it is to hold the certificate, in PEM, of who signed the ACME server's own`)
  }
}

/** Authorities write it in base64url, some in base64; never in a message. */
function readBindingKey(file: string): string {
  const hint = 'it is to hold the key of --acme-eab-kid as the authority wrote it, in base64url'
  const bytes = Buffer.from(readPrivate(file, hint).trim(), 'base64')
  if (bytes.length < SHORTEST) throw new AubergeError('invalid', `the key file ${file} holds no key; ${hint}`)
  return bytes.toString('base64url')
}
