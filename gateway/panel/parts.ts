// What every part of the panel works with, and what a request carries once the gate has let it in. Types and one set of constants.
import type { Desk } from '../desk.ts'
import type { Account, Reservation, TokenScope } from '../../registry/types.ts'
import { LIMIT_BOUNDS } from '../../registry/parse.ts'
import type { Registry } from '../../registry/registry.ts'
import type { ErrorCode } from '../../wire/error.ts'
import type { House } from '../../wire/house.ts'
import type { Logger } from '../../wire/log.ts'
import type { Rates } from './rates.ts'
import type { Passes } from './tools/passes.ts'
import type { Hosts } from './tools/serve.ts'
import type { Language } from './language/pick.ts'

/** What control hands to the panel. */
export type Parts = {
  house: House; registry: Registry; desk: Desk; log: Logger
  /** The secret of the link that makes the first administrator; without it there is no such link. */
  firstAdmin?: string
}

/** `visitors` come through the relay; `console` is the command line on the admin socket, where everyone is root already. */
export type Door = 'visitors' | 'console'

/** What one door's handlers share. `closing` aborts when the panel stops: streams end then. */
export type Room = Parts & { door: Door; rates: Rates; passes: Passes; hosts: Hosts; closing: AbortSignal }

/**
 * Who may call a route: `anyone`; an `account` that is signed in; an `admin`; the `owner` of the site named in the path
 * (or an admin). For everyone else the site does not exist: 404.
 */
export type Access = 'anyone' | 'account' | 'admin' | 'owner'

/** How the caller proved who they are. */
export type Proof = 'none' | 'cookie' | 'token' | 'console'

/** Bytes an uploaded archive may have. */
export const MAX_UPLOAD = 512 * 2 ** 20

/** Bytes of the largest backup that is taken back; each site's own bound is lower. */
export const MAX_BACKUP = 2 * LIMIT_BOUNDS.disk.most

/** Bytes of any other body. */
export const MAX_BODY = 64 * 2 ** 10

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route states it; one without is refused when the panel starts. */
    access?: Access
    /** Also for a suspended account (signing out). */
    suspendedToo?: boolean
    /** Codes of errors it answers besides those that follow from who may call it and what it takes (shapes/error.ts). */
    errors?: readonly ErrorCode[]
    /** Takes a file as its body, streamed: up to so many bytes, which may be the site's to say. */
    most?: number | ((request: FastifyRequest) => number)
    /** Also for a token that may only deploy a site. */
    deploys?: boolean
    /** It looks at a username and a token by itself (RFC 7617). */
    basic?: boolean
    /** Changes something although its method is GET (an upgrade). */
    changes?: boolean
  }
  interface FastifyRequest {
    who: Account | null
    proof: Proof
    /** What the token that is the proof may do; null with any other proof, which may everything. */
    scope: TokenScope | null
    /** The secret that is the proof: of the session cookie, or the token; null with any other. */
    secret: string | null
    /** The reservation in the path, on routes with access `owner`. */
    reservation: Reservation | null
    language: Language
  }
}
