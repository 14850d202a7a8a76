// Certificates for many custom domains, made by the house's own authority as control makes them, and what that costs. Used by bench/domains.ts.
import { pino } from 'pino'
import { Certificates } from '../../gateway/certificates/certificates.ts'
import type { Certificate } from '../../gateway/messages.ts'

export type Made = { certificates: Certificate[]; root: string }

/** What control opens certificates with. */
export function optionsAt(dir: string) {
  return { zone: 'bench.test', source: 'internal' as const, directory: `${dir}/certificates`, snapshot: `${dir}/routes/certificates.json`, hosts: ['bench.test'], log: pino({ level: 'silent' }) }
}

/** `count` certificates, on disk and in the snapshot. */
export async function makeLeaves(dir: string, count: number): Promise<Made> {
  const certificates = await Certificates.open(optionsAt(dir))
  await certificates.wantDomain(nameOf(0))
  for (let i = 1; i < count; i++) await certificates.wantDomain(nameOf(i))
  await certificates.close()
  const [first] = certificates.messages()
  const all = first?.type === 'certificates' ? first.certificates : []
  return { certificates: all.filter(({ names: [name] }) => name !== 'bench.test'), root: certificates.domainsAuthority ?? '' }
}

export function nameOf(index: number): string { return `www.d${index}.example` }
