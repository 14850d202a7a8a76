// A registry with any number of reservations, written before the house starts: names that nobody has asked for yet. Used by bench/scale.ts.
import { openRegistry } from '../../registry/open.ts'
import { places } from '../../wire/house.ts'

/** Adds `count` sites of one account, `cold0` and so on; their pods are made at their first wake. Files are handed over by the supervisor. */
export async function addReservations(data: string, count: number): Promise<void> {
  const registry = openRegistry(places(data).registry)
  try {
    const owner = (await registry.accounts.create({ username: 'crowd', password: 'a crowd of names', role: 'admin' })).id
    registry.transaction(() => {
      for (let i = 0; i < count; i++) {
        registry.reservations.create({ name: `cold${i}`, owner, kind: 'site' })
        registry.sites.create({ name: `cold${i}`, owner, image: 'php' })
      }
    })
  } finally {
    registry.close()
  }
}
