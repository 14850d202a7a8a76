// The relay's line to control: routes come over it, wakes and counts go. Reconnects for as long as the relay lives. Made by main.ts.
import { connect, type Socket } from 'node:net'
import { readLines, writeLine } from '../../wire/lines.ts'
import type { FromRelay, ToRelay } from '../messages.ts'
import type { Settings } from './settings.ts'

export type Link = { tell: (message: FromRelay) => boolean; close: () => void }

/** Connects to control at `path` and says hello; `obey` gets each message. While there is no connection, what is told is dropped: a table comes first on the next. */
export function linkTo(path: string, worker: number, settings: Settings, obey: (message: ToRelay) => void): Link {
  let socket: Socket | null = null
  let pause = settings.reconnectFirst
  let timer: NodeJS.Timeout | null = null
  let state: 'open' | 'closed' = 'open'

  const dial = (): void => {
    timer = null
    socket = connect(path)
    socket.once('connect', () => socket !== null && writeLine(socket, { type: 'hello', worker } satisfies FromRelay))
    socket.on('error', () => {})
    socket.once('close', again)
    readLines<ToRelay>(socket, message => {
      pause = settings.reconnectFirst
      obey(message)
    })
  }
  const again = (): void => {
    socket = null
    if (state === 'closed') return
    timer = setTimeout(dial, pause)
    pause = Math.min(pause * 2, settings.reconnectMost)
  }
  dial()
  return {
    tell: message => {
      if (socket === null || socket.connecting) return false
      writeLine(socket, message)
      return true
    },
    close: () => {
      state = 'closed'
      if (timer !== null) clearTimeout(timer)
      socket?.destroy()
    },
  }
}
