// What runs pods, behind one small interface. Implemented by oci.ts (crun, runc); used by recipes and the workshop.
import type { ExecOptions } from '../commands/oci.ts'

export type ContainerStatus = 'created' | 'running' | 'paused' | 'stopped'

/** A container as the runtime knows it; `pid` is its first process, 0 when it has ended. */
export type Container = { id: string; status: ContainerStatus; pid: number }

export interface Runtime {
  readonly name: 'crun' | 'runc'
  /** Makes the container of an OCI bundle; its process waits before exec. `output`: descriptor of its standard output and errors. Resolves with its pid. */
  prepare(id: string, bundle: string, output: number): Promise<number>
  /** Lets a prepared container go. */
  start(id: string): Promise<void>
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
  /** All containers of this house. */
  list(): Promise<Container[]>
}
