// Who is started, with whose rights, which sockets and what environment.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from '../../bin/parse.mjs'
import { thisHost } from '../../bin/host.mjs'
import { crew, dropped, environment } from '../../supervisor/crew.ts'

const fds = { http: [20, 21], https: [25], dnsUdp: [30], dnsTcp: [31] }

function posts(...argv: string[]) {
  const request = parse(['up', '--workers', '2', ...argv], {}, thisHost())
  assert.ok(request.kind === 'up')
  return crew(request.house, fds)
}

test('each process gets its own sockets, numbered from 3, and no other', () => {
  const seen = posts().map(({ name, fds, briefing }) => ({ name, fds, told: briefing.fds }))
  const none = { http: [], https: [], dnsUdp: [], dnsTcp: [] }
  assert.deepEqual(seen, [
    { name: 'provisioner', fds: [], told: none },
    { name: 'control', fds: [], told: none },
    { name: 'dns', fds: [30, 31], told: { ...none, dnsUdp: [3], dnsTcp: [4] } },
    { name: 'relay 0', fds: [20, 21, 25], told: { ...none, http: [3, 4], https: [5] } },
    { name: 'relay 1', fds: [20, 21, 25], told: { ...none, http: [3, 4], https: [5] } },
  ])
})

test('what is off is not started', () => {
  assert.deepEqual(posts('--runtime', 'none', '--dns', 'off').map(post => post.name), ['control', 'relay 0', 'relay 1'])
  assert.deepEqual(posts('--https', 'off', '--http', 'off').map(post => post.name), ['provisioner', 'control', 'dns'])
})

test('a house that serves HTTPS alone has relays', () => {
  assert.deepEqual(posts('--runtime', 'none', '--dns', 'off', '--http', 'off').map(post => post.name), ['control', 'relay 0', 'relay 1'])
})

test('all but the provisioner give up root and every capability for good', () => {
  assert.deepEqual(dropped('provisioner', { asRoot: true }), [])
  assert.deepEqual(dropped('relay', { asRoot: true }), [
    'setpriv', '--reuid=auberge-relay', '--regid=auberge-relay', '--groups=auberge-routes',
    '--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs',
  ])
  assert.deepEqual(dropped('relay', { asRoot: true, files: 4096 }).slice(0, 3), ['prlimit', '--nofile=4096:4096', 'setpriv'], 'and may have many connections')
  assert.equal(dropped('control', { asRoot: true, files: 4096 })[0], 'setpriv')
  assert.deepEqual(dropped('control', { asRoot: false }), ['setpriv', '--no-new-privs'])
})

test('nothing of the environment is passed on but the way to package mirrors, to who builds images', () => {
  const ours = { SECRET: 'x', http_proxy: 'http://proxy:3128', NODE_OPTIONS: '--inspect' }
  assert.deepEqual(Object.keys(environment('relay', ours)), ['PATH', 'LANG', 'NODE_ENV'])
  assert.equal(environment('provisioner', ours).http_proxy, 'http://proxy:3128')
  assert.equal('SECRET' in environment('provisioner', ours), false)
})
