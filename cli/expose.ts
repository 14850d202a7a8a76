// auberge site expose, unexpose: TCP ports of a site's own IPv6 address that lead to its pod.
import { UsageError } from '../bin/usage.mjs'
import { argument, answer, type Desk } from './desk.ts'
import { sitePath, type SiteView } from './site.ts'

export async function exposePort(desk: Desk): Promise<void> {
  const port = portOf(desk)
  const site = await desk.admin.json<SiteView>('POST', `${sitePath(desk)}/ports`, { json: { port, proxyProtocol: desk.order.options.has('proxy-protocol') } })
  answer(desk, site, () => `[${site.ipv6[0] ?? ''}]:${port} leads to ${site.name}.`)
}

export async function unexposePort(desk: Desk): Promise<void> {
  const port = portOf(desk)
  await desk.admin.json('DELETE', `${sitePath(desk)}/ports/${port}`)
  answer(desk, { name: argument(desk, 'NAME'), port }, each => `Port ${each.port} of ${each.name} is closed.`)
}

function portOf(desk: Desk): number {
  const port = argument(desk, 'PORT')
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw new UsageError(`${desk.order.command}: ${JSON.stringify(port)}: expected a port from 1 to 65535`)
  return Number(port)
}
