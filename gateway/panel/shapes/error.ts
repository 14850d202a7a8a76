// Errors as the API describes them: their one shape, and which codes a call answers. What follows from its access and from what it takes is said here for all;
// the rest stands at the route (`config.errors`).
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyContextConfig } from 'fastify'
import { STATUS, type ErrorCode } from '../../../wire/error.ts'
import { shape, word } from './shape.ts'

const CODES = Object.keys(STATUS) as ErrorCode[]

const Failure = shape('Error', {
  error: Type.Object({ code: word(...CODES), message: Type.String({ description: 'for people, in the language of Accept-Language' }) }),
})

/** What the gate says to who may not call. */
const OF_ACCESS: Record<string, ErrorCode[]> = { anyone: [], account: ['forbidden'], admin: ['forbidden'], owner: ['forbidden', 'not_found'] }
/** What a call that changes something says besides: of where it came from, of who is suspended, and of its body before that is looked at. */
const OF_CHANGES: ErrorCode[] = ['bad_origin', 'forbidden', 'too_large', 'unsupported_type']
/** What is the house's fault, or its want of room. */
const OURS: ErrorCode[] = CODES.filter(code => STATUS[code] >= 500)

type Call = { config: FastifyContextConfig; changes: boolean; checks: boolean }

/** Descriptions of a call's errors by status; in each the codes. `checks`: something it takes has a schema. */
export function errorsOf({ config: { access = 'admin', errors = [] }, changes, checks }: Call): Record<string, object> {
  const halfMade: ErrorCode[] = access === 'owner' && changes ? ['conflict'] : []
  const codes = new Set<ErrorCode>(['bad_request', 'unauthenticated', ...OF_ACCESS[access] ?? [], ...(changes ? OF_CHANGES : []), ...halfMade, ...(checks ? ['invalid' as const] : []), ...errors])
  const byStatus = Map.groupBy([...codes], code => String(STATUS[code]))
  return Object.fromEntries([...byStatus, ['5XX', OURS] as const].map(([status, some]) => [status, { description: some.join(', '), content: { 'application/json': { schema: Failure } } }]))
}
