// Joins a WebSocket with a command that has a terminal (wire/frames.ts). Neither side can make the other's bytes wait here without bound. Called by api/console.ts.
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { frame, FrameReader, resizeFrame, type Frame } from '../../wire/frames.ts'

/** Bytes shown that may wait for a slow page before the command does. */
const MOST_WAITING = 512 * 2 ** 10
/** Milliseconds without a key typed after which the console ends: it keeps the site awake. */
export const IDLE = 30 * 60_000
/** WebSocket closing codes (RFC 6455 section 7.4): ended; policy, for who may not be there any more; something broke. */
const ENDED = 1000
const REFUSED = 1008
const BROKEN = 1011

/** `leaving` is given what ends the console, and returns what forgets that. */
export function joinTerminal(page: WebSocket, running: Duplex, leaving: (end: (why: string) => void) => () => void, idle = IDLE): void {
  const end = (why: string, code = REFUSED): void => { page.close(code, why); running.destroy() }
  const stay = leaving(end)
  const bored = setTimeout(() => end('idle', ENDED), idle)
  show(page, running, end)
  page.on('message', (data, isBinary) => {
    bored.refresh()
    if (isBinary) type(page, running, data)
    else resize(running, data)
  })
  page.on('error', () => page.terminate())
  page.once('close', () => {
    clearTimeout(bored)
    stay()
    running.destroy()
  })
}

function show(page: WebSocket, running: Duplex, end: (why: string, code?: number) => void): void {
  const reader = new FrameReader()
  const each = ({ type, payload }: Frame): void => {
    if (type === 'exit') {
      page.send(JSON.stringify({ type: 'end', status: payload.readUInt32BE() }))
      end('ended', ENDED)
    } else page.send(payload, { binary: true }, () => { if (page.bufferedAmount < MOST_WAITING / 2) running.resume() })
  }
  running.on('data', (chunk: Buffer) => {
    try {
      for (const one of reader.read(chunk)) each(one)
    } catch {
      end('broken', BROKEN)
    }
    if (page.bufferedAmount > MOST_WAITING) running.pause()
  })
  running.once('error', () => end('broken', BROKEN)).once('close', () => end('broken', BROKEN))
}

function type(page: WebSocket, running: Duplex, data: RawData): void {
  if (running.destroyed || running.write(frame('stdin', Buffer.from(data as Buffer)))) return
  page.pause()
  running.once('drain', () => page.resume())
}

function resize(running: Duplex, data: RawData): void {
  const size = parsed(String(data as Buffer)) as { type?: unknown; columns?: unknown; rows?: unknown } | null
  const isSize = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 999
  if (size?.type === 'size' && isSize(size.columns) && isSize(size.rows) && !running.destroyed) running.write(resizeFrame(size.columns, size.rows))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
