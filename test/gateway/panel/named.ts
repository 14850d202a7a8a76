// A house with the real name server in front of it: what is kept in the panel is asked with dig.
import type { House } from '../../../wire/house.ts'
import { boundBoth, dig, startNameServer } from '../../dns/nameserver.ts'
import { openHouse, type OpenPods } from './house.ts'

/** Without pods, unless they are brought. `records` are those of a name as dig prints them. The name server is also its own secondary. */
export async function openNamedHouse(zone = 'localhost', options: Partial<House> = {}, openPods: OpenPods | null = null) {
  const ends: (() => unknown)[] = []
  const close = async (): Promise<void> => { for (const end of ends.splice(0).reverse()) await end() }
  try {
    const { udp, tcp } = await boundBoth()
    ends.push(udp.close, tcp.close)
    const secondaries = [{ name: 'ns2.example.net', address: '127.0.0.1', port: udp.port, keyFile: null }]
    const house = await openHouse({ zone, dns: [{ address: '127.0.0.1', port: 0 }], secondaries, ...options }, openPods)
    ends.push(house.close)
    const server = startNameServer(house.house.data, zone, udp.fd, tcp.fd)
    tcp.close()
    ends.push(() => { server.child.kill('SIGKILL'); return server.exit })
    await server.ready
    const records = async (name: string, type: string): Promise<string[]> => (await dig(udp.port, '+tcp', name, type)).answer
    return { ...house, dns: udp.port, records, close }
  } catch (error) {
    await close()
    throw error
  }
}
