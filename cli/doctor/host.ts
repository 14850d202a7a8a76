// The machine: kernel features pods need, room on the disk, the runtime. Called by doctor.ts.
import { execa } from 'execa'
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { places, type House } from '../../wire/house.ts'
import { shortfall, space } from '../../wire/space.ts'
import { size } from '../table.ts'
import { judge, type Finding } from './finding.ts'

/** Less than this is too little for a house with an image and a few sites; bytes. */
const LITTLE_ROOM = 2 * 2 ** 30

export async function host(data: string, runtime: House['runtime']): Promise<Finding[]> {
  const always = [node(), room(data), ...promises(data)]
  return runtime === 'none' ? always : [...always, namespaces(), controllers(), await nftables(), loops(), forwarding(), runtimeChoice(runtime)]
}

function node(): Finding {
  return judge('Node', Number(process.versions.node.split('.')[0]) >= 24, process.version, `${process.version} runs this; remove node_modules and start again, so that Node 24 is brought in`)
}

function room(data: string): Finding {
  const { bavail, bsize } = statfsSync(existing(data))
  const free = bavail * bsize
  return judge('disk', free >= LITTLE_ROOM, `${size(free)} free`, `${size(free)} free for ${data}; make room or choose another disk with --data`, 'warning')
}

/** Volumes are sparse; a house may promise more than it has, as long as somebody watches. */
function promises(data: string): Finding[] {
  if (!existsSync(places(data).pods)) return []
  const all = space(data)
  const lacking = shortfall(all)
  return [judge('promises', lacking === 0, `sites may take ${size(all.promised - all.taken)} more, and it is there`, `sites may take ${size(all.promised - all.taken)} more, but ${size(all.free)} are free; watch auberge_disk_free_bytes, or make room`, 'warning')]
}

function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path))
}

/** `user.max_user_namespaces` 0 or Debian's own switch off: no user namespace for anybody but root; the first stops root too. */
function namespaces(): Finding {
  const most = Number(read('/proc/sys/user/max_user_namespaces') ?? 0)
  return judge('user namespaces', most > 0 && existsSync('/proc/self/ns/user'), `up to ${most}`, 'none allowed; run sysctl -w user.max_user_namespaces=15000 and keep it in /etc/sysctl.d')
}

const CONTROLLERS = ['memory', 'cpu', 'pids']

/** cgroup v2 lists its controllers in one file; v1 in /proc/cgroups with an `enabled` column (cgroups(7)). */
function controllers(): Finding {
  const unified = read('/sys/fs/cgroup/cgroup.controllers')?.split(/\s+/)
  const legacy = (read('/proc/cgroups') ?? '').split('\n').filter(line => /\s1$/.test(line)).map(line => line.split(/\s/)[0] ?? '')
  const there = unified && CONTROLLERS.every(name => unified.includes(name)) ? unified : legacy
  const lacking = CONTROLLERS.filter(name => !there.includes(name))
  const version = unified && there === unified ? 'v2' : 'v1'
  return judge('cgroup controllers', lacking.length === 0, `${CONTROLLERS.join(', ')} (${version})`, `no ${lacking.join(', ')}; enable on the kernel command line (cgroup_enable=${lacking[0]})`)
}

/** Asking is the one sure way: the support may be built in, a module, or loaded by the first question. */
async function nftables(): Promise<Finding> {
  const { exitCode, stderr } = await execa('nft', ['list', 'tables'], { reject: false })
  const said = String(stderr ?? '').split('\n')[0] || 'nft is not installed'
  return judge('nftables', exitCode === 0, 'answers', `nft can't ask the kernel (${said}); run this as root, load nf_tables with modprobe, or boot a kernel that has it`)
}

function loops(): Finding {
  return judge('loop devices', existsSync('/dev/loop-control'), 'there', 'no /dev/loop-control; load the module with modprobe loop')
}

/** The provisioner turns forwarding on when it starts; here it only may be off with no house running. */
function forwarding(): Finding {
  const on = read('/proc/sys/net/ipv4/ip_forward') === '1'
  return judge('IP forwarding', on, 'on', 'off; auberge up turns it on for its own bridge, otherwise sysctl -w net.ipv4.ip_forward=1', 'warning')
}

function runtimeChoice(runtime: House['runtime']): Finding {
  const warning = 'rkt ended in 2020 and gets no security updates; its pods are less isolated than others (see docs/operating.md); use crun unless you must'
  return judge('runtime', runtime !== 'rkt', runtime, warning, 'warning')
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}
