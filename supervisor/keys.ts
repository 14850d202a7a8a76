// Reads the TSIG keys that secondaries share with us, as root, before anything is opened. Called by main.ts; the keys go to the name
// server in its briefing, never into an argument, the environment or a log.
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { AubergeError } from '../wire/error.ts'
import type { Secondary, TsigKey } from '../wire/house.ts'

/** Bytes of a key file, and of a secret: RFC 8945 section 8 wants as many as the hash has, and below half of it a MAC means nothing. */
const LARGEST = 4096
const SHORTEST = 16

const HINT = "make one with: tsig-keygen -a hmac-sha256 NAME"

/** The key in each file, by the file's name. Throws `invalid` where a file is no key, others may read it, or two keys have one name. */
export function readKeys(secondaries: readonly Secondary[]): Record<string, TsigKey> {
  const files = new Set(secondaries.flatMap(({ keyFile }) => keyFile ?? []))
  const keys = Object.fromEntries([...files].map(file => [file, parseKey(file, readPrivate(file))]))
  const secrets = new Map<string, string>()
  for (const [file, { name, secret }] of Object.entries(keys)) {
    if ((secrets.get(name) ?? secret) !== secret) throw wrong(file, `another file has another secret under the name ${name}`, 'give each key a name of its own')
    secrets.set(name, secret)
  }
  return keys
}

/** What is in a file that only its owner and group may read. `hint`: what to do where it isn't so. */
export function readPrivate(file: string, hint: string = HINT): string {
  let fd: number
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw wrong(file, `can't be read (${(error as NodeJS.ErrnoException).code})`, hint)
  }
  try {
    const { mode, size } = fstatSync(fd)
    if ((mode & constants.S_IFMT) !== constants.S_IFREG || size > LARGEST) throw wrong(file, 'is no key file', hint)
    if ((mode & 0o007) !== 0) throw wrong(file, 'can be used by everybody on this machine', `chmod o= ${file}, or a new key if anybody may have read it`)
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

/** As `tsig-keygen` writes it (a `key` clause of BIND's), or `hmac-sha256:NAME:SECRET` as dig and kdig take it and `keymgr -t` notes it. */
export function parseKey(file: string, text: string): TsigKey {
  const clause = /\bkey\s+"?([\w.-]+)"?\s*\{([^}]*)\}/.exec(text)
  const line = /^\s*(?:#\s*)?([\w-]+):([\w.-]+):([A-Za-z0-9+/=]+)\s*$/m.exec(text)
  const [algorithm, name, secret] = clause === null ? [line?.[1], line?.[2], line?.[3]] : [field(clause[2], 'algorithm'), clause[1], field(clause[2], 'secret')]
  if (algorithm === undefined || name === undefined || secret === undefined) throw wrong(file, 'holds no key', HINT)
  if (algorithm.toLowerCase() !== 'hmac-sha256') throw wrong(file, `has a key for ${algorithm}; only hmac-sha256 is spoken here`, HINT)
  return { name: keyName(file, name), secret: checkedSecret(file, secret) }
}

function field(clause: string | undefined, name: string): string | undefined {
  return new RegExp(`\\b${name}\\s+"?([\\w+/=-]+)"?\\s*;`).exec(clause ?? '')?.[1]
}

function keyName(file: string, name: string): string {
  const plain = name.toLowerCase().replace(/\.$/, '')
  if (plain.length > 253 || !plain.split('.').every(label => label.length > 0 && label.length <= 63)) throw wrong(file, 'has a key whose name is no domain name', HINT)
  return plain
}

function checkedSecret(file: string, secret: string): string {
  const bytes = Buffer.from(secret, 'base64')
  if (bytes.toString('base64').replace(/=+$/, '') !== secret.replace(/=+$/, '')) throw wrong(file, 'has a secret that is not base64', HINT)
  if (bytes.length < SHORTEST) throw wrong(file, `has a secret of ${bytes.length} bytes; ${SHORTEST} are the least, 32 are right`, HINT)
  return bytes.toString('base64')
}

function wrong(file: string, what: string, todo: string): AubergeError {
  return new AubergeError('invalid', `the key file ${file} ${what}; ${todo}`)
}
