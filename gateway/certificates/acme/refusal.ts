// What went wrong between us and an ACME server, with what to do about it. Made by transport.ts, account.ts and order.ts; read by schedule.ts.
import { AubergeError, type ErrorCode } from '../../../wire/error.ts'

const PREFIX = 'urn:ietf:params:acme:error:'
/** What a server says is shown to people: no longer than this, and one line. */
const MOST = 500

/** A problem document (RFC 9457 in RFC 8555 section 6.7), as it comes: nothing in it is sure. */
export type Problem = { type?: unknown; detail?: unknown; subproblems?: unknown }

type Given = { type: string; message: string; retryAt?: number | null; cause?: unknown }

/** What an administrator does about a type of problem. */
const ADVICE: Record<string, string> = {
  accountDoesNotExist: 'the account is made anew at the next try',
  caa: 'allow this authority in the CAA records of the name and of the names above it, or choose another with --acme',
  connection: 'make sure that the ports 80 and 443 of this house can be reached from the internet; auberge doctor looks',
  dns: 'make sure that the name is delegated to this house and that port 53 can be reached over UDP and TCP; auberge doctor looks',
  externalAccountRequired: 'ask the authority for a key and give it with --acme-eab-kid and --acme-eab-key-file',
  incorrectResponse: 'something else answered in our place; make sure that the name points at this house alone',
  invalidContact: 'check --acme-email',
  malformed: 'the authority did not understand us; check that --acme is the URL of its directory',
  rateLimited: 'the authority allows no more for now; it is asked again when it does',
  rejectedIdentifier: 'the authority signs no certificate for this name; choose another authority with --acme',
  serverInternal: 'the authority has a fault of its own; it is asked again later',
  tls: 'make sure that port 443 of this house can be reached from the internet',
  unauthorized: 'make sure that the name is delegated to this house, or points at it, and nowhere else',
  unoffered: 'choose another authority with --acme',
  unreachable: 'make sure that this machine reaches the internet and that the URL of --acme is right; it is asked again later',
  unsupportedContact: 'check --acme-email',
  untrusted: "give the authority's own certificate with --acme-ca-file, and check this machine's clock",
  userActionRequired: 'the authority wants something of you that its message names',
}

/** `type` is the problem's last word (`caa`, `rateLimited`), or our own for what no server said. `retryAt`: epoch milliseconds before which a try is in vain; null where nobody said. */
export class Refusal extends AubergeError {
  readonly type: string
  /** The message without the advice. */
  readonly said: string
  readonly retryAt: number | null

  constructor({ type, message, retryAt = null, cause }: Given) {
    super(codeOf(type), `${message}; ${ADVICE[type] ?? 'see what it says, and the log'}`, cause === undefined ? undefined : { cause })
    this.type = type
    this.said = message
    this.retryAt = retryAt
  }
}

function codeOf(type: string): ErrorCode {
  if (type === 'rateLimited') return 'rate_limited'
  return type === 'unreachable' || type === 'serverInternal' ? 'unavailable' : 'failed'
}

/** What a problem document means; `what` is what was asked for. Those of single names, of which it may be made, are told with it. */
export function refused(what: string, problem: Problem, retryAt: number | null): Refusal {
  const subs = Array.isArray(problem.subproblems) ? (problem.subproblems as (Problem | null)[]) : []
  const first = subs.find(sub => typeof sub?.type === 'string')
  const type = typeOf(problem)
  const detail = [problem, ...subs].map(each => plain(each?.detail)).filter(Boolean).join(' / ')
  return new Refusal({ type: type === 'compound' && first ? typeOf(first) : type, message: `${what}: ${detail || 'refused without a word'} (${type})`, retryAt })
}

function typeOf({ type }: Problem): string {
  const text = typeof type === 'string' ? type : ''
  return text.startsWith(PREFIX) ? plain(text.slice(PREFIX.length)) || 'malformed' : 'malformed'
}

/** A stranger's words as one short line. */
function plain(text: unknown): string {
  return typeof text === 'string' ? text.replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').slice(0, MOST) : ''
}
