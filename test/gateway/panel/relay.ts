// A relay for the panel's tests: in this process, on a port of its own, told its routes by control. Opened before the house, which needs its port.
import type { AddressInfo } from 'node:net'
import { linkTo, type Link } from '../../../gateway/relay/control.ts'
import { Relay } from '../../../gateway/relay/relay.ts'

export async function openRelay() {
  let link: Link | null = null
  const relay = new Relay({ settings: { sweep: 20 }, tell: message => link?.tell(message) })
  const server = await relay.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.address() as AddressInfo
  /** Connects to control; resolves with the first table. */
  const join = (routesSocket: string): Promise<void> =>
    new Promise(resolve => {
      link = linkTo(routesSocket, 0, relay.settings, message => {
        relay.obey(message)
        if (message.type === 'table') resolve()
      })
    })
  const reports = setInterval(() => relay.report(), 50)
  const close = async (): Promise<void> => {
    clearInterval(reports)
    relay.settings.leave = 0
    await relay.leave()
    link?.close()
  }
  return { port, join, close }
}
