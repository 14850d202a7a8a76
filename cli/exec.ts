// auberge site exec: a command as the site's root, with this terminal's streams, size and exit code. Frames: wire/frames.ts.
import type { Duplex } from 'node:stream'
import { AubergeError } from '../wire/error.ts'
import { frame, FrameReader, MAX_PAYLOAD, resizeFrame, type Frame } from '../wire/frames.ts'
import type { Desk, Streams } from './desk.ts'
import { sitePath } from './site.ts'

/** Resolves the command's exit code. Without a terminal of ours, `-t` is as if it had not been asked for. */
export async function execInSite(desk: Desk): Promise<number> {
  const tty = desk.order.options.has('tty') && desk.input.isTTY === true
  const socket = await desk.admin.upgrade(execPath(desk, tty), 'auberge-exec')
  if (tty) desk.input.setRawMode?.(true)
  try {
    sendInput(desk, socket)
    if (tty) sendSize(desk, socket)
    return await showOutput(desk, socket)
  } finally {
    if (tty) desk.input.setRawMode?.(false)
    desk.input.destroy()
    socket.destroy()
  }
}

function execPath(desk: Desk, tty: boolean): string {
  const query = new URLSearchParams(desk.order.rest.map((word): [string, string] => ['command', word]))
  if (tty) {
    query.set('tty', '1')
    const { columns, rows } = sizeOf(desk)
    query.set('columns', String(columns))
    query.set('rows', String(rows))
  }
  return `${sitePath(desk)}/exec?${query}`
}

function sendInput({ input }: Streams, socket: Duplex): void {
  input.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += MAX_PAYLOAD) {
      if (!socket.write(frame('stdin', chunk.subarray(at, at + MAX_PAYLOAD)))) input.pause()
    }
  })
  input.on('end', () => { if (socket.writable) socket.write(frame('end')) })
  input.on('error', () => { if (socket.writable) socket.write(frame('end')) })
  socket.on('drain', () => input.resume())
}

/** The terminal's size within what a house takes; a terminal that doesn't know its own says 0. */
function sizeOf({ output }: Pick<Streams, 'output'>): { columns: number; rows: number } {
  return { columns: Math.min(output.columns || 80, 1000), rows: Math.min(output.rows || 24, 1000) }
}

function sendSize(streams: Streams, socket: Duplex): void {
  streams.output.on('resize', () => {
    const { columns, rows } = sizeOf(streams)
    if (socket.writable) socket.write(resizeFrame(columns, rows))
  })
}

function showOutput(streams: Streams, socket: Duplex): Promise<number> {
  const reader = new FrameReader()
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const each of reader.read(chunk)) show(each, streams, socket, resolve)
      } catch (cause) {
        reject(new AubergeError('failed', 'the house sent what is no frame; is it of another version?', { cause }))
      }
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new AubergeError('failed', 'the house hung up before the command ended; see its log')))
  })
}

function show({ type, payload }: Frame, { output, errors }: Streams, socket: Duplex, done: (code: number) => void): void {
  if (type === 'exit') return done(payload.readUInt32BE(0) & 0xff)
  const to = type === 'stdout' ? output : type === 'stderr' ? errors : null
  if (to === null || to.write(payload) || socket.isPaused()) return
  socket.pause()
  to.once('drain', () => socket.resume())
}
