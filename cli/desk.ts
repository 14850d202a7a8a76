// What a command works with: what was ordered, the way to the house, and the streams of the terminal. Made by main.ts.
import type { Readable, Writable } from 'node:stream'
import type { ReadStream } from 'node:tty'
import type { Order } from '../bin/parse.mjs'
import { UsageError } from '../bin/usage.mjs'
import type { Admin } from './admin.ts'

export type Streams = {
  input: Readable & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>
  output: Writable & { isTTY?: boolean; columns?: number; rows?: number }
  errors: Writable & { isTTY?: boolean }
}

export type Desk = { order: Order; admin: Admin } & Streams

/** A command: resolves its exit code, or nothing for 0. */
export type Verb = (desk: Desk) => Promise<number | void>

/** An argument the command line is sure to have. */
export function argument(desk: Desk, name: string): string {
  const value = desk.order.args[name]
  if (value === undefined) throw new UsageError(`${desk.order.command}: ${name} is missing`)
  return value
}

/** Writes the answer: as JSON where that was asked for, else as `human` spells it. */
export function answer<T>(desk: Pick<Desk, 'order' | 'output'>, value: T, human: (value: T) => string): void {
  const text = desk.order.json ? JSON.stringify(value) : human(value)
  desk.output.write(text.endsWith('\n') || text === '' ? text : `${text}\n`)
}
