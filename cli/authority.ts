// auberge ca export: the certificate of the house's own authority, for browsers and other clients to trust.
import { writeFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { AubergeError } from '../wire/error.ts'
import { answer, argument, type Desk } from './desk.ts'

/** What control puts on the bundle, which holds nothing secret: importing programs insist on a password. */
const PASSWORD = 'auberge'

export async function exportAuthority(desk: Desk): Promise<void> {
  const file = argument(desk, 'FILE')
  const scope = desk.order.options.has('domains') ? 'domains' : 'zone'
  const p12 = desk.order.options.has('p12')
  const content = await buffer(await desk.admin.stream('GET', `/api/authority?form=${p12 ? 'p12' : 'pem'}&of=${scope}`))
  await writeFile(file, content, { mode: 0o644 }).catch((error: NodeJS.ErrnoException) => {
    throw new AubergeError('failed', `${file} can't be written (${error.code}); check the path`)
  })
  answer(desk, { file, ...(p12 ? { password: PASSWORD } : {}) }, () => `${file}: the house's certificate authority, without its key${p12 ? `. Its password is ${PASSWORD}` : ''}.`)
}
