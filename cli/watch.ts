// What an administrator looks at: auberge house, audit, report …, site wakes.
import { argument, answer, type Desk } from './desk.ts'
import { moment, sheet, size, table } from './table.ts'

type Condition = {
  zone: string; startedAt: number; accounts: number; routes: number; sites: Record<string, number>; memory: { budget: number; held: number; waiting: number }
  disk: { promised: number; taken: number; free: number } | null; processes: { name: string; ready: boolean; count: number }[]; dns: { serial: number; names: number; servers: number } | null
}
type AuditEntry = { at: number; actor: string; action: string; subject: string; detail: string | null }
type ReportView = { id: number; at: number; host: string; kind: string; text: string; owner: string | null; closedAt: number | null }
type WakeRecord = { at: number; cause: { by: string; method?: string; path?: string }; ms: number; from: string; outcome: string }

export async function showHouse(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<Condition>('GET', '/api/house'), ({ zone, startedAt, accounts, routes, sites, memory, disk, processes, dns }) => sheet([
    ['zone', zone], ['since', moment(startedAt)], ['accounts', accounts], ['routes', routes],
    ['sites', Object.entries(sites).map(([state, count]) => `${count} ${state}`).join(', ') || 'none'],
    ['memory', `${size(memory.held)} of ${size(memory.budget)}${memory.waiting > 0 ? `, ${memory.waiting} wake(s) waiting` : ''}`],
    ['disk', disk && `${size(disk.taken)} taken, ${size(disk.promised)} promised, ${size(disk.free)} free`],
    ['processes', processes.map(one => `${one.name}${one.count > 1 ? ` x${one.count}` : ''}${one.ready ? '' : ' (away)'}`).join(', ')],
    ['dns', dns && `serial ${dns.serial}, ${dns.names} name(s)`],
  ]))
}

export async function listAudit(desk: Desk): Promise<void> {
  const { options } = desk.order
  const given = ['most', 'by', 'about', 'action'].flatMap(name => { const value: string | undefined = options.get(name); return value === undefined ? [] : [[name, value] as [string, string]] })
  answer(desk, await desk.admin.json<AuditEntry[]>('GET', `/api/audit?${new URLSearchParams(given)}`), entries =>
    table(['WHEN', 'WHO', 'ACTION', 'WHAT', ''], entries.map(each => [moment(each.at), each.actor, each.action, each.subject, each.detail ?? '']), 'nothing'))
}

export async function listReports(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<ReportView[]>('GET', '/api/reports'), reports =>
    table(['ID', 'WHEN', 'HOST', 'OWNER', 'KIND', 'STATE', ''], reports.map(each => [each.id, moment(each.at), each.host, each.owner, each.kind, each.closedAt === null ? 'open' : 'closed', each.text.slice(0, 60)]), 'no reports'))
}

export async function closeReport(desk: Desk): Promise<void> {
  const id = argument(desk, 'ID')
  await desk.admin.json('POST', `/api/reports/${encodeURIComponent(id)}/close`)
  answer(desk, { closed: id }, each => `Report ${each.closed} closed.`)
}

export async function listWakes(desk: Desk): Promise<void> {
  const name = argument(desk, 'NAME')
  answer(desk, await desk.admin.json<WakeRecord[]>('GET', `/api/sites/${encodeURIComponent(name)}/wakes`), wakes =>
    table(['WHEN', 'FROM', 'TOOK', 'OUTCOME', 'WHY'], wakes.map(each => [moment(each.at), each.from, `${Math.round(each.ms)} ms`, each.outcome, [each.cause.by, each.cause.method, each.cause.path].filter(Boolean).join(' ')]), 'nobody has woken it yet'))
}
