// The one error type of the house. Thrown anywhere, mapped to an HTTP status or an exit code in one place each.

/** Each code's HTTP status: the whole vocabulary of errors that leave the house (docs: the API's error codes). */
export const STATUS = {
  bad_request: 400, bad_name: 400, unauthenticated: 401, bad_credentials: 401, forbidden: 403, signup_closed: 403,
  invite_invalid: 403, bad_origin: 403, https_required: 403, quota: 403, not_found: 404, method_not_allowed: 405, name_taken: 409,
  username_taken: 409, domain_taken: 409, conflict: 409, too_large: 413, unsupported_type: 415, invalid: 422, name_invalid: 422, name_reserved: 422,
  username_invalid: 422, domain_invalid: 422, password_weak: 422, bad_archive: 422, rate_limited: 429, failed: 500, unavailable: 503, no_room: 503, wake_failed: 503, timeout: 504,
} as const

export type ErrorCode = keyof typeof STATUS

/** An error with a stable code for machines and a message that says what happened, to what, and what to do. */
export class AubergeError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'AubergeError'
    this.code = code
  }
  get status(): number { return STATUS[this.code] }
  toJSON(): { error: { code: ErrorCode; message: string } } {
    return { error: { code: this.code, message: this.message } }
  }
}
