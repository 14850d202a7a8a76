// crun and runc behind the runtime interface; they take the same command line. Made by host.ts.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import * as oci from '../commands/oci.ts'
import { AubergeError } from '../../wire/error.ts'
import type { Cgroups } from '../cgroup.ts'
import { run, succeeds } from '../run.ts'
import type { Container, ContainerStatus, Runtime } from './runtime.ts'

/** Milliseconds a runtime has to write down a container whose process speaks already. */
const REGISTERED = 5_000
/** A Linux bridge has about 1,000 ports. */
const PREPARED = 500

/** The OCI runtime `name`, with its state below `root`, a directory of this house alone. */
export function ociRuntime(name: 'crun' | 'runc', root: string, cgroups: Cgroups): Runtime {
  const tool = { program: name, root, mixed: name === 'crun' && cgroups.mixed }
  const list = async (): Promise<Container[]> => parseList(await run(oci.list(tool)))
  return {
    name, network: 'prepare', execs: name === 'runc' ? 'beside' : 'inside', firstPort: 1, prepared: PREPARED,
    async prepare(id, bundle, output) {
      const pidFile = `${bundle}/pid`
      const complaints = `${bundle}/runtime.log`
      await run(oci.create(tool, id, bundle, pidFile, complaints), { stdio: [output, output] }).catch(cause => explain(cause, complaints))
      return Number(await readFile(pidFile, 'utf8'))
    },
    start: async id => void (await run(oci.start(tool, id))),
    freeze: cgroup => cgroups.freeze(cgroup),
    thaw: cgroup => cgroups.thaw(cgroup),
    async stop(id, cgroup, grace, hurried) {
      await cgroups.thaw(cgroup)
      if (grace > 0 && (await succeeds(oci.kill(tool, id, 'TERM')))) await cgroups.emptied(cgroup, grace, hurried)
      await cgroups.kill(cgroup)
    },
    exec: (id, command, options) => oci.exec(tool, id, command, options),
    run: (id, bundle) => oci.runForeground(tool, id, bundle),
    async registered(id) {
      const deadline = performance.now() + REGISTERED
      while (!(await isWritten(`${root}/${id}`))) {
        if (performance.now() > deadline) throw new AubergeError('failed', `${name} has not written the state of ${id} within ${REGISTERED / 1000} s`)
        await delay(2)
      }
    },
    async remove(id) {
      const state = `${root}/${id}`
      if (!existsSync(state)) return
      // A container that was run in the foreground removes its own state as it ends; whoever is second finds nothing.
      await run(oci.remove(tool, id)).catch(error => { if (existsSync(state)) throw error })
    },
    exitStatus: async () => null,
    list,
  }
}

/** Whether a container's state is there, whole: crun calls it `status`, runc `state.json`. */
async function isWritten(state: string): Promise<boolean> {
  const text = await readFile(`${state}/status`, 'utf8').catch(() => readFile(`${state}/state.json`, 'utf8')).catch(() => '')
  return text.trimEnd().endsWith('}')
}

/** What the runtime says of a failed create goes to a file: its standard error is the pod's log. */
async function explain(cause: Error, complaints: string): Promise<never> {
  const text = await readFile(complaints, 'utf8').catch(() => '')
  throw new AubergeError('failed', `${cause.message}: ${text.trim().slice(-2000)}`, { cause })
}

function parseList(text: string): Container[] {
  const rows = (JSON.parse(text || '[]') ?? []) as { id: string; pid: number; status: ContainerStatus }[]
  return rows.map(({ id, pid, status }) => ({ id, pid, status }))
}
