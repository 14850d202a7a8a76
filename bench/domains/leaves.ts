// Certificates for many custom domains, made by the house's own authority as control makes them, and what that costs. Used by bench/domains.ts.
import { pino } from 'pino'
import { Certificates } from '../../gateway/certificates/certificates.ts'
import type { Certificate } from '../../gateway/messages.ts'

export type Made = { certificates: Certificate[]; root: string; cpuEach: number }

/** `count` certificates, and microseconds of CPU for each, files and snapshot included. */
export async function makeLeaves(dir: string, count: number): Promise<Made> {
  const options = { zone: 'bench.test', source: 'internal' as const, directory: `${dir}/certificates`, snapshot: `${dir}/routes/certificates.json`, hosts: ['bench.test'], log: pino({ level: 'silent' }) }
  const certificates = await Certificates.open(options)
  await certificates.wantDomain(nameOf(0))
  const before = process.cpuUsage()
  for (let i = 1; i < count; i++) await certificates.wantDomain(nameOf(i))
  await certificates.close()
  const { user, system } = process.cpuUsage(before)
  const [first] = certificates.messages()
  const all = first?.type === 'certificates' ? first.certificates : []
  return { certificates: all.filter(({ names: [name] }) => name !== 'bench.test'), root: certificates.domainsAuthority ?? '', cpuEach: (user + system) / (count - 1) }
}

export function nameOf(index: number): string { return `www.d${index}.example` }
