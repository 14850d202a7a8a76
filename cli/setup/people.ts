// The system users and groups of the house (wire/users.ts): which are missing, and making them. A step of set-up.
import { execa } from 'execa'
import { readFileSync } from 'node:fs'
import { AubergeError } from '../../wire/error.ts'
import { GROUPS, USERS } from '../../wire/users.ts'
import type { Step } from './step.ts'

const users = Object.values(USERS).map(each => each.user)
const groups = Object.values(GROUPS)

export const people: Step = {
  name: 'system users',
  async check() {
    const names = [...absent('/etc/passwd', users), ...absent('/etc/group', groups)]
    return names.length === 0 ? null : `not there: ${names.join(' ')}; run auberge setup`
  },
  async mend(say) {
    say('Making system users')
    for (const name of absent('/etc/group', groups)) await run('groupadd', ['--system', name])
    for (const name of absent('/etc/passwd', users)) await run('useradd', userArgv(name))
  },
}

/** A user that can't sign in and has no home, with a group of the same name. */
function userArgv(name: string): string[] {
  const group = absent('/etc/group', [name]).length === 0 ? ['--gid', name] : ['--user-group']
  return ['--system', ...group, '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', name]
}

function absent(file: string, names: readonly string[]): string[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return names.filter(name => !lines.some(line => line.startsWith(`${name}:`)))
}

async function run(file: string, argv: string[]): Promise<void> {
  const { failed, stderr, shortMessage } = await execa(file, argv, { reject: false })
  if (failed) throw new AubergeError('failed', `${file} failed: ${stderr.trim() || shortMessage}`)
}
