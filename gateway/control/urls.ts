// The address of a host of this house as a browser writes it. Called by the views and by main.
import type { House } from '../../wire/house.ts'

const USUAL = { http: 80, https: 443 }

/** `http://alice.localhost:8080/`; https where the house speaks nothing else, or sends everyone there. */
export function urlOf(house: Pick<House, 'http' | 'https' | 'redirectHttps'>, host: string): string {
  const scheme = house.https.length > 0 && (house.http.length === 0 || house.redirectHttps === 'on') ? 'https' : 'http'
  const port = house[scheme][0]?.port ?? USUAL[scheme]
  return port === USUAL[scheme] ? `${scheme}://${host}/` : `${scheme}://${host}:${port}/`
}
