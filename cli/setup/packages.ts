// Debian packages: which are needed, which are missing, and installing those without starting a service. A step of set-up.
import { execa } from 'execa'
import { createInterface } from 'node:readline'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { AubergeError } from '../../wire/error.ts'
import type { Say } from '../progress.ts'
import type { Step } from './step.ts'

/** What the house itself needs on the host. Apache, PHP and MariaDB are in images, never here. */
export const HOUSE = [
  'crun', 'runc', 'containernetworking-plugins', 'mmdebstrap', 'nftables', 'iproute2', 'e2fsprogs', 'mount', 'util-linux', 'procps',
  'passwd', 'tar', 'gzip', 'ca-certificates',
] as const

/** What rkt's stage1 "host" takes from the host. */
export const RKT = ['systemd-container'] as const

/** What a gateway without pods needs. */
export const GATEWAY = ['util-linux', 'passwd'] as const

/** What the test suite needs besides. */
export const TESTS = ['chromium', 'bind9-dnsutils', 'bsdutils', 'curl', 'ddclient', 'inadyn', 'zip', 'unzip', 'libnss3-tools', 'nghttp2-client', 'openssl', 'pebble', 'unbound', 'knot', 'nsd', 'ldnsutils'] as const

/** A step that makes sure of the packages. */
export function packages(wanted: readonly string[]): Step {
  return {
    name: 'Debian packages',
    async check() {
      const names = await missing(wanted)
      return names.length === 0 ? null : `not installed: ${names.join(' ')}; run auberge setup`
    },
    async mend(say) {
      await install(await missing(wanted), say)
    },
  }
}

/** Those of the packages that aren't installed, by dpkg's own list. */
export async function missing(wanted: readonly string[]): Promise<string[]> {
  const { stdout, failed, code } = await execa('dpkg-query', ['--show', '--showformat=${Package} ${db:Status-Status}\n', ...wanted], { reject: false })
  if (failed && code === 'ENOENT') throw new AubergeError('failed', 'dpkg is not there: Auberge sets itself up on Debian only; elsewhere install crun, the CNI plugins, mmdebstrap and nftables by hand')
  const installed = new Set(stdout.split('\n').filter(line => line.endsWith(' installed')).map(line => line.split(' ')[0]))
  return wanted.filter(name => !installed.has(name))
}

async function install(names: string[], say: Say): Promise<void> {
  if (names.length === 0) return
  say(`Installing Debian packages: ${names.join(' ')}`)
  await withoutServices(async () => {
    if ((await aptGet(installArgv(names), say)) === 0) return
    say('Updating the package lists')
    await aptGet(UPDATE, say)
    const code = await aptGet(installArgv(names), say)
    if (code !== 0) throw new AubergeError('failed', `apt-get install ended with ${code}; see its messages above, mend what it names and start again`)
  })
}

/** Waits for another apt to finish rather than failing at once. */
const LOCK_PATIENCE = ['-o', 'DPkg::Lock::Timeout=300']
const UPDATE = [...LOCK_PATIENCE, 'update']

function installArgv(names: string[]): string[] {
  return [...LOCK_PATIENCE, '-o', 'Dpkg::Options::=--force-confold', 'install', '--yes', '--no-install-recommends', ...names]
}

/** Runs apt-get; what it does to each package becomes progress, complaints are passed on. Resolves its exit code. */
async function aptGet(argv: string[], say: Say): Promise<number> {
  const child = execa('apt-get', argv, {
    env: { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' }, stdin: 'ignore', buffer: false, reject: false,
  })
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', line => tell(line, say))
  return (await child).exitCode ?? 1
}

function tell(line: string, say: Say): void {
  if (/^(Setting up|E:|W:|Err:)/.test(line)) say(`  ${line.replace(/ \.\.\.$/, '')}`)
}

const POLICY = '/usr/sbin/policy-rc.d'
const OURS = '#!/bin/sh\n# Auberge installs packages without starting their services.\nexit 101\n'

/** Runs `act` under a policy that forbids starting services (invoke-rc.d(8)); leaves an administrator's own policy alone. */
async function withoutServices(act: () => Promise<void>): Promise<void> {
  const theirs = existsSync(POLICY) && readFileSync(POLICY, 'utf8') !== OURS
  if (!theirs) writeFileSync(POLICY, OURS, { mode: 0o755 })
  try {
    await act()
  } finally {
    if (!theirs) rmSync(POLICY, { force: true })
  }
}
