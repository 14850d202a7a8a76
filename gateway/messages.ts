// What control and the relays say to each other: JSON lines over the routes socket. Control listens, each relay connects.
import type { Route, Upstream, WakeCause } from '../registry/types.ts'

/**
 * Control to a relay. `table` comes first on every connection and replaces all; the rest change one host, or (`routes`) all hosts of one site at once. `version` grows
 * with every change; the relay answers `applied` once requests that arrive from now on see it.
 *
 * `closing` is the first half of a sleep: the relay answers `closed` with the site's requests in flight. At 0 it treats the site
 * as asleep from that moment (new requests are held and ask for a wake) and has closed its pooled connections; above 0 it goes on as before.
 * With `drain` it holds new requests in any case and answers when those in flight have ended; control calls that off by telling the route again.
 *
 * `certificates` replaces all of them and follows `table`; `certificate` adds one, or replaces the one whose first name is the same;
 * `uncertified` takes away the one whose first name it says. So a new name among thousands costs one small line. `tickets` is the key (48 bytes, base64) of session tickets from now on, the same for all relays.
 *
 * `challenges` replaces all of them, and is answered by `applied`.
 */
export type ToRelay =
  | { type: 'table'; version: number; zone: string; routes: Route[] }
  | { type: 'route'; version: number; route: Route }
  | { type: 'routes'; version: number; routes: Route[] }
  | { type: 'gone'; version: number; host: string }
  | { type: 'closing'; id: number; site: string; drain?: true }
  | { type: 'certificates'; certificates: Certificate[] }
  | { type: 'certificate'; certificate: Certificate }
  | { type: 'uncertified'; name: string }
  | { type: 'tickets'; key: string }
  | { type: 'challenges'; version: number; challenges: Challenge[] }

/**
 * A certificate as relays serve it. `names`: lower case, exact or `*.example.org`. `chain` and `key` are PEM, leaf first.
 * `trusted`: whether browsers accept it without being told to, so that redirecting to HTTPS breaks nothing; or did so with the one before, which has ended.
 */
export type Certificate = { names: string[]; chain: string; key: string; trusted: boolean }

/**
 * What is shown to an ACME server: at `/.well-known/acme-challenge/TOKEN` of the host over HTTP (RFC 8555 section 8.3), or as the certificate of a handshake
 * that offers `acme-tls/1` and nothing else (RFC 8737).
 */
export type Challenge =
  | { type: 'http-01'; host: string; token: string; answer: string }
  | { type: 'tls-alpn-01'; host: string; chain: string; key: string }

/** The file `places().certificatesSnapshot`, for relays that start while control is dead: what the two messages said last. */
export type CertificatesSnapshot = { certificates: Certificate[]; ticketKey: string }

/** A relay to control. `wake` is repeated after a reconnect for every site with held requests; `unwanted`: the last of them has left; `down`: the upstream refused or is gone. */
export type FromRelay =
  | { type: 'hello'; worker: number }
  | { type: 'applied'; version: number }
  | { type: 'closed'; id: number; site: string; inFlight: number }
  | { type: 'wake'; site: string; cause: WakeCause }
  | { type: 'unwanted'; site: string }
  | { type: 'down'; site: string; upstream: Upstream }
  | { type: 'counts'; counts: SiteCount[] }
  /** Once a second: what was counted since the last, and what is now. Names as in gateway/relay/meter.ts and gateway/control/metrics.ts. */
  | { type: 'meter'; counts: Record<string, number>; gauges: Record<string, number> }

/** Sent at most once a second, only for hosts that changed: requests since the last message, and in flight now. */
export type SiteCount = { host: string; requests: number; inFlight: number; lastRequestAt: number }
