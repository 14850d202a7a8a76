// Reads a new password: from standard input, or twice from the terminal without echo. Called by account.ts.
import { text } from 'node:stream/consumers'
import { UsageError } from '../bin/usage.mjs'
import { AubergeError } from '../wire/error.ts'
import type { Streams } from './desk.ts'

/** The first line of standard input. */
export async function passwordFromInput({ input }: Pick<Streams, 'input'>): Promise<string> {
  const [line = ''] = (await text(input)).split(/\r?\n/)
  if (line === '') throw new UsageError('--password-stdin: standard input brought no password')
  return line
}

/** Asks twice. `bad_request` where both differ; usage where nobody is there to be asked. */
export async function passwordFromTerminal(streams: Streams): Promise<string> {
  if (!streams.input.isTTY) throw new UsageError('no terminal to ask for the password; give it on standard input with --password-stdin')
  const first = await ask('Password: ', streams)
  const second = await ask('Once more: ', streams)
  if (first !== second) throw new AubergeError('bad_request', "the two passwords differ; nothing was changed")
  return first
}

/** One line, read key by key so that nothing appears. Ctrl-C gives up. */
function ask(question: string, { input, errors }: Streams): Promise<string> {
  errors.write(question)
  input.setRawMode?.(true)
  input.setEncoding('utf8')
  return new Promise((resolve, reject) => {
    let typed = ''
    const done = (act: () => void) => {
      input.off('data', read)
      input.setRawMode?.(false)
      input.pause()
      errors.write('\n')
      act()
    }
    const read = (chunk: string) => {
      for (const key of chunk) {
        if (key === '\r' || key === '\n') return done(() => resolve(typed))
        if (key === '\u0003' || key === '\u0004') return done(() => reject(new AubergeError('bad_request', 'given up; nothing was changed')))
        typed = key === '\u007f' || key === '\b' ? [...typed].slice(0, -1).join('') : typed + key
      }
    }
    input.on('data', read)
    input.resume()
  })
}
