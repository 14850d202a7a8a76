// What a site's own settings become inside its containers: small files bound over those that its image has for them. Called by container.ts.
import { lstatSync, readFileSync } from 'node:fs'
import { phpIni } from '../registry/php.ts'
import type { SiteSpec } from './api.ts'
import { portOf, type Image } from './images/store.ts'
import { gateway, type Instance } from './instance.ts'

/** Where an image that cares has a file for them; empty in the image, which says that there are none. */
const PHP = '/etc/auberge/php/owner.ini'
const GATEWAYS = '/etc/auberge/gateways'
const APACHE = '/etc/apache2/apache2.conf'

/** Path inside → text. A runtime would make a missing file in the shared image, so what the image has no file for is left out. */
export function settingsFiles(of: Instance, image: Image, { php }: SiteSpec): Record<string, string> {
  const all = { [PHP]: phpIni(php), [GATEWAYS]: gateways(of) }
  return Object.fromEntries(Object.entries(all).filter(([path]) => hasFile(image, path)))
}

/** Apache's configuration where it can't listen on the image's port; an application is told by the variable PORT, which says one that anybody may have. */
export function listening(image: Image, port: number): Record<string, string> {
  if (port === portOf(image) || !hasFile(image, APACHE)) return {}
  return { [APACHE]: readFileSync(image.rootfs + APACHE, 'utf8').replace(/^Listen .*$/m, `Listen ${port}`) }
}

/** Whose X-Forwarded-For is to be believed: the only addresses a request can come from that isn't the pod's own. */
function gateways(of: Instance): string {
  return Object.values(gateway(of)).map(address => `${address}\n`).join('')
}

/** Whether the image itself has a regular file there. */
export function hasFile(image: Image, path: string): boolean {
  return lstatSync(image.rootfs + path, { throwIfNoEntry: false })?.isFile() ?? false
}
