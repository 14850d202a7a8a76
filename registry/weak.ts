// Which new passwords are too weak, by NIST SP 800-63B section 5.1.1.2: short, common, the username or what this house is called. Nothing is asked of
// its characters, and nothing is cut off. Called by accounts.ts alone: the list takes some megabytes of memory.
import { dictionary } from '@zxcvbn-ts/language-common'
import { AubergeError } from '../wire/error.ts'

const LENGTH = { least: 8, most: 1024 }
/** What people here would think of first, and no list from elsewhere has. */
const OURS = ['auberge', 'motdepasse', 'azertyuiop', 'azerty123', 'changeme']
/** The 49,000 passwords that are found most often in what was stolen elsewhere. */
const COMMON = new Set([...(dictionary['passwords-common'] ?? []), ...OURS].map(password => String(password).toLowerCase()))

/** A new password, of any characters: `password_weak` when it is short, very common, or the username. */
export function parsePassword(input: unknown, username: string): string {
  if (typeof input !== 'string') throw new AubergeError('password_weak', 'a password is text')
  const length = [...input].length
  if (length < LENGTH.least) throw new AubergeError('password_weak', `a password has at least ${LENGTH.least} characters`)
  if (length > LENGTH.most) throw new AubergeError('password_weak', `a password has at most ${LENGTH.most} characters`)
  if (isGuessable(input.toLowerCase(), username)) throw new AubergeError('password_weak', 'this password is one of the first that anyone would try: choose another')
  return input
}

/** Digits and signs added to a common password or to the username don't help: whoever guesses adds them, too. */
function isGuessable(plain: string, username: string): boolean {
  const bare = plain.replace(/[^\p{L}]+$/u, '')
  const known = (text: string): boolean => COMMON.has(text) || text === username
  return known(plain) || (plain.length - bare.length <= 4 && known(bare)) || new Set(plain).size <= 2 || isRow(plain)
}

/** `abcdefgh`, `87654321`. */
function isRow(plain: string): boolean {
  const codes = [...plain].map(letter => letter.codePointAt(0) ?? 0)
  const steps = new Set(codes.slice(1).map((code, index) => code - (codes[index] ?? 0)))
  return steps.size === 1 && Math.abs([...steps][0] ?? 0) <= 1
}
