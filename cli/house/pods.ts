// A provisioner for a house that doesn't run, in a process of its own as the supervisor starts it. Called by restore.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { AubergeError } from '../../wire/error.ts'
import { places, type House } from '../../wire/house.ts'
import type { Provisioner } from '../../provisioner/api.ts'
import { provisionerClient } from '../../provisioner/client.ts'

const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', NODE_ENV: 'production' }

/** Runs `work` with the provisioner of the house in `data`; pods are left as they are. `lock`: a descriptor of the house's lock, held as long. */
export async function withPods<T>(program: string, house: Pick<House, 'data' | 'runtime'>, lock: number, work: (pods: Provisioner) => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, [`${program}/provisioner/main.ts`], { stdio: ['pipe', 'pipe', 'inherit', lock], env: ENVIRONMENT })
  const ended = once(child, 'exit')
  const [stdin, stdout] = child.stdio as unknown as [Writable, Readable]
  stdin.on('error', () => {})
  stdin.write(`${JSON.stringify({ house, index: 0, fds: { http: [], https: [], dnsUdp: [], dnsTcp: [] } })}\n`)
  const client = provisionerClient(places(house.data).provisionerSocket)
  try {
    const served = await Promise.race([once(stdout, 'data').then(() => true), ended.then(() => false)])
    if (!served) throw new AubergeError('failed', 'the provisioner did not start; see its message above')
    return await work(client)
  } finally {
    client.close()
    child.kill('SIGTERM')
    await ended
  }
}
