// A house with the real name server in front of it: what is kept in the panel is asked with dig.
import { boundBoth, dig, startNameServer } from '../../dns/nameserver.ts'
import { openHouse } from './house.ts'

/** Without pods. `records` are those of a name as dig prints them. */
export async function openNamedHouse(zone = 'localhost') {
  const ends: (() => unknown)[] = []
  const close = async (): Promise<void> => { for (const end of ends.splice(0).reverse()) await end() }
  try {
    const house = await openHouse({ zone, dns: [{ address: '127.0.0.1', port: 0 }] })
    ends.push(house.close)
    const { udp, tcp } = await boundBoth()
    const server = startNameServer(house.house.data, zone, udp.fd, tcp.fd)
    tcp.close()
    ends.push(udp.close, () => { server.child.kill('SIGKILL'); return server.exit })
    await server.ready
    const records = async (name: string, type: string): Promise<string[]> => (await dig(udp.port, '+tcp', name, type)).answer
    return { ...house, dns: udp.port, records, close }
  } catch (error) {
    await close()
    throw error
  }
}
