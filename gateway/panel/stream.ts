// Long answers: server-sent events and bodies that are piped through. All end when the visitor leaves, may no longer look, or the panel closes.
import { PassThrough, Transform, pipeline, type Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AubergeError } from '../../wire/error.ts'
import { admitAgain, stillMay } from './gate.ts'
import type { Room } from './parts.ts'

/** Milliseconds between comments that keep proxies from closing a silent stream, and looks at whether it may go on. */
const HEARTBEAT = 20_000
/** Bytes a slow reader may have waiting; beyond it the stream ends and the browser comes back for the whole. */
const MOST_WAITING = 16 * 2 ** 20

export type SendEvent = (event: string, data: unknown) => void

/** Answers with server-sent events. `begin` sends what is, then what changes until `signal` aborts. */
export function sendEvents(room: Room, request: FastifyRequest, reply: FastifyReply, begin: (send: SendEvent, signal: AbortSignal) => void): FastifyReply {
  const stream = new PassThrough({ highWaterMark: MOST_WAITING })
  const gone = new AbortController()
  const signal = AbortSignal.any([gone.signal, room.closing])
  const beat = setInterval(() => stillMay(room, request) ? stream.write(':\n\n') : stream.end(), HEARTBEAT)
  signal.addEventListener('abort', () => stream.end(), { once: true })
  stream.once('close', () => {
    clearInterval(beat)
    gone.abort()
  })
  begin((event, data) => {
    if (!stream.writable) return
    if (!stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) stream.destroy()
  }, signal)
  return flushed(reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no'), stream)
}

/**
 * Answers with what `source` brings, for as long as who asked may have it; the head goes out at once, so that nobody waits for the first line to know that
 * it works.
 */
export function sendStream(room: Room, reply: FastifyReply, source: Readable): FastifyReply {
  const end = () => { source.destroy() }
  const beat = setInterval(() => { if (!stillMay(room, reply.request)) end() }, HEARTBEAT)
  room.closing.addEventListener('abort', end, { once: true })
  source.once('close', () => {
    clearInterval(beat)
    room.closing.removeEventListener('abort', end)
  })
  return flushed(reply, source)
}

function flushed(reply: FastifyReply, source: Readable): FastifyReply {
  reply.send(source)
  reply.raw.flushHeaders()
  return reply
}

/** `body`, failing with `too_large` once it has brought more than `most` bytes, when its sender leaves, and at its end with what `last` throws. */
export function bounded(body: Readable, most: number, last = () => {}): Readable {
  let size = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > most) done(new AubergeError('too_large', `An upload may have at most ${most} bytes.`))
      else done(null, chunk)
    },
    flush(done) {
      try {
        last()
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  })
  pipeline(body, counter, () => {})
  return counter
}

/**
 * Gives `use` the body, at most `most` bytes; its end comes only if who sent it may still do what they began. That there were more, or that they may not, is
 * what is said, whatever `use` made of the cut.
 */
export async function withUpload<T>(room: Room, request: FastifyRequest, { body, most }: { body: Readable; most: number }, use: (archive: Readable) => Promise<T>): Promise<T> {
  const archive = bounded(body, most, () => admitAgain(room, request))
  try {
    return await use(archive)
  } catch (error) {
    throw archive.errored instanceof AubergeError ? archive.errored : error
  } finally {
    archive.destroy()
  }
}

/**
 * The first `count` bytes of `body`, which stay in it; fewer if there are no more. They go back in the same tick: one later,
 * a short body would have ended without them.
 */
export function peek(body: Readable, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      body.off('readable', look).off('end', none).off('error', failed)
      act()
    }
    const none = () => settle(() => resolve(Buffer.alloc(0)))
    const failed = (error: Error) => settle(() => reject(error))
    const look = (): void => {
      const start = body.read(count) as Buffer | null
      if (start === null) return
      body.unshift(start)
      settle(() => resolve(start))
    }
    body.on('readable', look).on('end', none).on('error', failed)
    look()
  })
}
