// The phases of a visitor's HTTP/1.1 connection, and what each does with bytes that arrive. Used by visitor.ts.
import type { Appetite } from './intake.ts'

/**
 * idle: between requests. head: within one. foretaste: its body must begin before it is served. unread: the body is not wanted yet. body: it comes.
 * answer: it is whole, the response isn't. linger: answered for the last time; what still comes is dropped. tunnel: handed over. gone.
 */
export type Phase = 'idle' | 'head' | 'foretaste' | 'unread' | 'body' | 'answer' | 'linger' | 'tunnel' | 'gone'

export function appetiteIn(phase: Phase): Appetite {
  switch (phase) {
    case 'unread': case 'answer': return 'later'
    case 'linger': case 'gone': return 'never'
    default: return 'now'
  }
}
