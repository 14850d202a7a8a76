// `auberge doctor`: looks at the machine and the house, changes nothing, and says for each flaw what mends it. Called by main.ts.
import type { Order } from '../bin/parse.mjs'
import type { House } from '../wire/house.ts'
import { answer, type Streams } from './desk.ts'
import { Admin } from './admin.ts'
import { certificates } from './doctor/certificates.ts'
import { host } from './doctor/host.ts'
import { houseHealth } from './doctor/house.ts'
import { outside } from './doctor/outside.ts'
import type { Finding } from './doctor/finding.ts'
import { steps } from './setup/steps.ts'
import { safe } from './table.ts'

const MARKS: Record<Finding['verdict'], string> = { well: 'ok  ', warning: 'warn', flaw: 'FAIL' }

/** Exit code 1 if something is wrong; warnings don't count. */
export async function doctor(order: Order, { clone, asRoot }: { clone: string; asRoot: boolean }, streams: Streams): Promise<number> {
  const runtime: House['runtime'] = order.options.get('runtime') ?? 'crun'
  const admin = new Admin(order.data)
  const findings = [...(await setUpFindings(clone, runtime, asRoot)), ...(await host(order.data, runtime)), ...(await outside(admin)), ...(await houseHealth(admin)), ...(await certificates(admin))]
  await admin.close()
  const healthy = findings.every(finding => finding.verdict !== 'flaw')
  answer({ order, ...streams }, { healthy, findings }, ({ findings }) => findings.map(line).join('\n'))
  return healthy ? 0 : 1
}

function line({ subject, verdict, detail }: Finding): string {
  return `${MARKS[verdict]}  ${subject}: ${safe(detail)}`
}

async function setUpFindings(clone: string, runtime: House['runtime'], asRoot: boolean): Promise<Finding[]> {
  return Promise.all(steps(clone, { runtime, asRoot, tests: false }).map(async step => {
    const lacking = await step.check()
    return { subject: step.name, verdict: lacking === null ? 'well' : 'flaw', detail: lacking ?? 'there' } as const
  }))
}
