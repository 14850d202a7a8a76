// auberge acme …: the certificates that the house orders of an ACME server.
import { UsageError } from '../bin/usage.mjs'
import { answer, type Desk } from './desk.ts'
import { moment, sheet, table } from './table.ts'

type OrderView = { id: string; names: string[]; state: string; expiresAt: number | null; renewAt: number | null; trouble: { message: string } | null; retryAt: number | null }
type AcmeHouse = { server: string; account: string | null; clockError: number; orders: OrderView[] }

export async function showAcme(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<AcmeHouse>('GET', '/api/acme'), view)
}

export async function renewAcme(desk: Desk): Promise<void> { await step(desk, 'renew') }

/** The old certificate is of no use to anybody afterwards. */
export async function revokeAcme(desk: Desk): Promise<void> {
  if (!desk.order.options.has('yes')) throw new UsageError('acme revoke: the certificate that is served now becomes invalid; say --yes if its key was stolen')
  await step(desk, 'revoke')
}

export async function rollOverAcme(desk: Desk): Promise<void> { await step(desk, 'rollover') }

async function step(desk: Desk, what: string): Promise<void> {
  const name = desk.order.args.NAME
  answer(desk, await desk.admin.json<AcmeHouse>('POST', `/api/acme/${what}`, { json: name === undefined ? {} : { name } }), view)
}

function view({ server, account, clockError, orders }: AcmeHouse): string {
  const clock = clockError === 0 ? null : `wrong by ${Math.round(clockError / 60_000)} min`
  const rows = orders.map(({ names, state, expiresAt, renewAt, retryAt }) => [names.join(' '), state, moment(expiresAt), moment(renewAt), moment(retryAt)])
  const troubles = orders.flatMap(({ id, trouble }) => (trouble ? [[id, trouble.message] as [string, string]] : []))
  return `${sheet([['server', server], ['account', account], ['clock', clock]])}\n${table(['NAMES', 'STATE', 'ENDS', 'RENEWAL', 'NEXT TRY'], rows, 'none')}${troubles.length > 0 ? `\n${sheet(troubles)}` : ''}`
}
