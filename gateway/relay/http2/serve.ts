// Serves a visitor's connection that speaks HTTP/2: after its TLS handshake, or a plain one by prior knowledge. Called by the doors.
import { performServerHandshake, type ServerOptions } from 'node:http2'
import { Session } from './session.ts'
import type { Guest, Place } from '../place.ts'
import type { Origin } from '../message/forwarded.ts'
import type { Settings } from '../settings.ts'
import type { Socket } from 'node:net'

/** Nobody but the session may read from `socket` after this; bytes put back before it (`unshift`) are its first. `place.gone` is called once. */
export function serveHttp2(socket: Socket, origin: Origin, place: Place): Guest {
  const session = performServerHandshake(socket, optionsOf(place.settings))
  return new Session(session, socket, origin, place)
}

/** What nghttp2 bounds for us. Made once for each set of settings. */
function optionsOf(settings: Settings): ServerOptions {
  const known = options.get(settings)
  if (known !== undefined) return known
  const made: ServerOptions & { streamResetBurst: number; streamResetRate: number } = {
    settings: { maxConcurrentStreams: settings.streams, maxHeaderListSize: 2 * settings.requestHead, enablePush: false, enableConnectProtocol: true },
    // Browsers send each cookie in a field of its own; the fields are counted again once those are joined.
    maxHeaderListPairs: 4 * settings.fields,
    maxSendHeaderBlockLength: 2 * settings.responseHead,
    maxSessionInvalidFrames: settings.invalidFrames,
    maxSessionRejectedStreams: settings.invalidFrames,
    // An upstream's fields are passed on as they are, also where one comes twice.
    strictSingleValueFields: false,
    streamResetBurst: settings.resets.most,
    streamResetRate: Math.ceil(settings.resets.most * 1_000 / settings.resets.over),
  }
  options.set(settings, made)
  return made
}

const options = new WeakMap<Settings, ServerOptions>()
