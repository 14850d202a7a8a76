// Hashing and checking passwords: scrypt, two at a time, with its parameters in the stored text. Called by accounts.ts.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { AubergeError } from '../wire/error.ts'

/** OWASP's 16 MiB choice: about 170 ms of one core and little enough memory for several at once. */
const COST = { ln: 14, r: 8, p: 5 }
/** Hashes at work at once, of the four threads that Node has for files and names as well. */
const AT_ONCE = 2
/** Hashes that may wait: some five seconds' worth. */
const MOST_WAITING = 50

type Cost = typeof COST
type Stored = { cost: Cost; salt: Buffer; hash: Buffer }

/** `$scrypt$ln=14,r=8,p=5$SALT$HASH`, base64. `rate_limited` when too many are waiting. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  return format({ cost: COST, salt, hash: await derive(password, salt, COST) })
}

/** What an unknown username is checked against, so that it takes as long as a known one. */
const NOBODY = format({ cost: COST, salt: Buffer.alloc(16), hash: Buffer.alloc(32) })

/** Whether `password` is the one `stored` was made of; with null it takes as long and is false. `stale`: hash it anew. */
export async function checkPassword(password: string, stored: string | null): Promise<{ right: boolean; stale: boolean }> {
  const { cost, salt, hash } = parse(stored ?? NOBODY)
  const derived = await derive(password, salt, cost)
  const right = timingSafeEqual(derived, hash) && stored !== null
  return { right, stale: cost.ln !== COST.ln || cost.r !== COST.r || cost.p !== COST.p }
}

function format({ cost, salt, hash }: Stored): string {
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${salt.toString('base64')}$${hash.toString('base64')}`
}

function parse(stored: string): Stored {
  const match = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored)
  const [, ln, r, p, salt = '', hash = ''] = match ?? []
  const bytes = Buffer.from(hash, 'base64')
  if (!match || bytes.length !== 32) throw new AubergeError('failed', 'a stored password is damaged: set it anew')
  return { cost: { ln: Number(ln), r: Number(r), p: Number(p) }, salt: Buffer.from(salt, 'base64'), hash: bytes }
}

let working = 0
const waiting: (() => void)[] = []

async function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  await turn()
  try {
    return await run(password.normalize('NFC'), salt, cost)
  } finally {
    const next = waiting.shift()
    if (next) next()
    else working--
  }
}

/** Resolves when this hash may run; the place is handed from one to the next. */
function turn(): Promise<void> {
  if (working < AT_ONCE) {
    working++
    return Promise.resolve()
  }
  if (waiting.length >= MOST_WAITING) {
    throw new AubergeError('rate_limited', 'too many people are signing in at this moment: try again in some seconds')
  }
  return new Promise(resolve => { waiting.push(resolve) })
}

function run(password: string, salt: Buffer, { ln, r, p }: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, { N: 2 ** ln, r, p, maxmem: 256 * r * 2 ** ln }, (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}
