// What runs pods, behind one small interface. Implemented by oci.ts (crun, runc) and rkt.ts; used by recipes and the workshop.
import type { ExecOptions } from '../commands/oci.ts'

export type ContainerStatus = 'created' | 'running' | 'paused' | 'stopped'

/** A container as the runtime knows it; `pid` is its first process, 0 when it has ended. */
export type Container = { id: string; status: ContainerStatus; pid: number }

export interface Runtime {
  readonly name: 'crun' | 'runc' | 'rkt'
  /** When a pod gets its network: from us, before it is prepared, or from the runtime, when it is started. */
  readonly network: 'prepare' | 'start'
  /** Where a command in a running pod is run: in it, or in a container beside it with its files and network. */
  readonly execs: 'inside' | 'beside'
  /** Lowest port that a pod's root may listen on. */
  readonly firstPort: number
  /** Prepared pods kept at most. */
  readonly prepared: number
  /**
   * Makes the container of an OCI bundle; its process waits before exec. `output`: descriptor of its standard output and errors; a file. `ipv4`: the address it
   * is to have, where the network is the runtime's. Resolves with its pid.
   */
  prepare(id: string, bundle: string, output: number, ipv4?: string): Promise<number>
  /** Lets a prepared container go. `guard` is called where the network is the runtime's, once it is there and before anything of the pod runs. */
  start(id: string, guard?: () => Promise<void>): Promise<void>
  /** Stops its tasks where they are, and lets them go on. `cgroup` is the container's, as in its bundle's cgroupsPath. */
  freeze(cgroup: string): Promise<void>
  thaw(cgroup: string): Promise<void>
  /** Ends all its processes (thawed first): SIGTERM, `grace` milliseconds or until `hurried`, SIGKILL. Resolves when none is left. */
  stop(id: string, cgroup: string, grace: number, hurried?: () => boolean): Promise<void>
  /** argv of a command run in a running container; its standard streams are those it is spawned with. */
  exec(id: string, command: readonly string[], options?: ExecOptions): string[]
  /** argv of a foreground run of a bundle (a workshop); its standard streams are those it is spawned with. Remove it afterwards. */
  run(id: string, bundle: string): string[]
  /** Resolves once commands can be run in a container that was `run`: its process may speak before the runtime has written down that it is there. */
  registered(id: string): Promise<void>
  /** Forgets a container and kills what is left of it; of one that doesn't exist, nothing. */
  remove(id: string): Promise<void>
  /** The status a pod's process ended with, where the runtime knows it; ask before it is removed. */
  exitStatus(id: string): Promise<number | null>
  /** All containers of this house. */
  list(): Promise<Container[]>
}
