// The command line: what is understood, and that what isn't gets one line that helps.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../bin/host.mjs'
import { parse, variable } from '../../bin/parse.mjs'
import { COMMANDS } from '../../bin/commands.mjs'
import { UP } from '../../bin/options.mjs'
import { UsageError } from '../../bin/usage.mjs'

const host: Host = { uid: 0, home: '/home/kim', cores: 4, memory: 8 * 2 ** 30, ipv6: true, publicIpv4: '192.0.2.2', publicIpv6: '2001:db8::2' }

function house(argv: string[], env: Record<string, string> = {}, on: Host = host) {
  const request = parse(['up', ...argv], env, on)
  assert.ok(request.kind === 'up')
  return request.house
}

function complaint(argv: string[], env: Record<string, string> = {}): string {
  try {
    parse(argv, env, host)
  } catch (error) {
    assert.ok(error instanceof UsageError)
    assert.ok(!error.message.includes('\n'), 'one line')
    return error.message
  }
  return assert.fail(`${argv.join(' ')} was understood`)
}

test('zone localhost is served on this machine only, and anybody may sign up', () => {
  const { zone, http, https, dns, signup, publicIpv4, data, idle, workers, memoryBudget } = house([])
  assert.deepEqual({ zone, http, https, dns, signup, publicIpv4 }, {
    zone: 'localhost', http: [{ address: '127.0.0.1', port: 8080 }], https: [{ address: '127.0.0.1', port: 8443 }],
    dns: [{ address: '127.0.0.1', port: 5353 }], signup: 'open', publicIpv4: '127.0.0.1',
  })
  assert.deepEqual({ data, idle, workers, memoryBudget }, { data: '/var/lib/auberge', idle: 300_000, workers: 4, memoryBudget: 6 * 2 ** 30 })
})

test('certificates come from the house itself, or from nowhere', () => {
  assert.equal(house([]).acme, 'internal')
  assert.equal(house(['--acme', 'internal']).acme, 'internal')
  assert.equal(house(['--acme', 'off']).acme, 'off')
})

test('a real zone is served on every address of both families, by invitation', () => {
  const { http, dns, signup, publicIpv4, publicIpv6 } = house(['--zone', 'Example.ORG.'])
  assert.deepEqual(http, [{ address: '0.0.0.0', port: 80 }, { address: '::', port: 80 }])
  assert.deepEqual(dns, [{ address: '0.0.0.0', port: 53 }, { address: '::', port: 53 }])
  assert.deepEqual({ signup, publicIpv4, publicIpv6 }, { signup: 'invite', publicIpv4: '192.0.2.2', publicIpv6: '2001:db8::2' })
  assert.deepEqual(house(['--zone', 'example.org'], {}, { ...host, ipv6: false }).http, [{ address: '0.0.0.0', port: 80 }])
})

test('doors are ports, addresses with ports, lists of them, or off', () => {
  assert.deepEqual(house(['--http', '0']).http, [{ address: '127.0.0.1', port: 0 }])
  assert.deepEqual(house(['--http', '[::1]:81,192.0.2.1:82']).http, [{ address: '::1', port: 81 }, { address: '192.0.2.1', port: 82 }])
  assert.deepEqual(house(['--dns', 'off']).dns, [])
  for (const door of ['x', '70000', '1.2.3:4', '::1:80', '[127.0.0.1]:80', '-1', '']) assert.match(complaint(['up', `--http=${door}`]), /--http.*(expected|needs a value)/)
})

test('the command line goes before the environment, the environment before the default', () => {
  assert.equal(house([], { AUBERGE_ZONE: 'a.example' }).zone, 'a.example')
  assert.equal(house(['--zone', 'b.example'], { AUBERGE_ZONE: 'a.example' }).zone, 'b.example')
  assert.equal(house([], { AUBERGE_DEMO: '1' }).demo, true)
  assert.equal(house([], { AUBERGE_DEMO: 'no', AUBERGE_ZONE: '' }).demo, false)
  assert.deepEqual(house([], { AUBERGE_TRUSTED_PROXY: '10.0.0.0/8 ::1' }).trustedProxies, ['10.0.0.0/8', '::1/128'])
  assert.match(complaint(['up'], { AUBERGE_IDLE: 'soon' }), /AUBERGE_IDLE "soon"/)
  assert.match(complaint(['up'], { AUBERGE_SINGUP: 'open' }), /did you mean AUBERGE_SIGNUP/)
})

test('static routes name a host and an address', () => {
  const routes = house(['--route', 'Wiki.example=http://192.0.2.7:8080', '--route=v6.example=http://[2001:db8::7]']).routes
  assert.deepEqual(routes, [
    { host: 'wiki.example', upstream: { address: '192.0.2.7', port: 8080 } }, { host: 'v6.example', upstream: { address: '2001:db8::7', port: 80 } },
  ])
  const h2c = house(['--route', 'grpc.example=h2c://192.0.2.7:50051', '--route', 'v6.example=h2c://[::1]:1']).routes.map(route => route.upstream)
  assert.deepEqual(h2c, [{ address: '192.0.2.7', port: 50051, protocol: 'h2c' }, { address: '::1', port: 1, protocol: 'h2c' }])
  assert.match(complaint(['up', '--route', 'a=https://1.2.3.4']), /--route.*HTTPS.*not supported/)
  for (const route of ['a=h2://1.2.3.4', 'a=h2c:1.2.3.4', 'a=h2c://host', 'a=h2c://1.2.3.4/x', 'x', 'a=https://1.2.3.4', 'a=http://host', 'a=http://1.2.3.4:0', 'a_b=http://1.2.3.4', 'a=http://1.2.3.4/path']) {
    assert.match(complaint(['up', '--route', route]), /--route/)
  }
  assert.match(complaint(['up', '--route', 'localhost=http://1.2.3.4']), /panel/)
  assert.match(complaint(['up', '--route', 'a=http://1.2.3.4', '--route', 'a=http://1.2.3.5']), /twice/)
})

test('secondaries have an address, and perhaps a name, a port and a key file', () => {
  const said = house(['--secondary', '192.0.2.7', '--secondary', 'NS2.example.net=[2001:DB8:0::7]:5300,/etc/ns2.key', '--secondary=2001:db8::8']).secondaries
  assert.deepEqual(said, [
    { name: null, address: '192.0.2.7', port: 53, keyFile: null },
    { name: 'ns2.example.net', address: '2001:db8::7', port: 5300, keyFile: '/etc/ns2.key' },
    { name: null, address: '2001:db8::8', port: 53, keyFile: null },
  ])
  assert.equal(house(['--zone', 'example.org', '--secondary', 'ns2.example.org=192.0.2.7']).secondaries[0]?.name, 'ns2.example.org')
  for (const name of ['ns.example.org', 'example.org', 'alice.example.org', 'ns9.example.org']) {
    assert.match(complaint(['up', '--zone', 'example.org', '--secondary', `${name}=192.0.2.7`]), /ns1\.example\.org to ns4\.example\.org/)
  }
  assert.match(complaint(['up', '--secondary', '192.0.2.7', '--secondary', '192.0.2.7:53']), /given twice/)
  assert.match(complaint(['up', '--dns', 'off', '--secondary', '192.0.2.7']), /--dns off/)
})

test('a prefix needs a door that takes what comes for any of its addresses, and gives the panel one where the host has none', () => {
  assert.equal(house(['--zone', 'example.org', '--ipv6-prefix', '2001:DB8:0:1::/64']).ipv6Prefix, '2001:db8:0:1::/64')
  assert.equal(house(['--zone', 'example.org', '--ipv6-prefix', '2001:db8:0:1::/64']).publicIpv6, '2001:db8::2')
  assert.equal(house(['--zone', 'example.org', '--ipv6-prefix', '2001:db8:0:1::/64'], {}, { ...host, publicIpv6: null }).publicIpv6, '2001:db8:0:1::1')
  assert.match(complaint(['up', '--ipv6-prefix', '2001:db8::/64']), /--ipv6-prefix.*\[::\]:PORT/)
  house(['--ipv6-prefix', '2001:db8::/64', '--trusted-proxy', '127.0.0.1'])
})

test('an ACME server has a URL, and what it needs to know of us; it makes sense with a zone of several labels and our own DNS only', () => {
  const url = 'https://ca.example/directory'
  const given = ['--zone', 'example.org', '--acme', url]
  assert.deepEqual(house(given).acme, { url, email: null, caFile: null, binding: null, chain: null, profile: null })
  const all = [...given, '--acme-email', 'a@example.org', '--acme-ca-file', '/ca.pem', '--acme-eab-kid', 'k1', '--acme-eab-key-file', '/eab.key', '--acme-chain', 'Root X1', '--acme-profile', 'shortlived']
  assert.deepEqual(house(all).acme, { url, email: 'a@example.org', caFile: '/ca.pem', binding: { kid: 'k1', keyFile: '/eab.key' }, chain: 'Root X1', profile: 'shortlived' })
  assert.match(complaint(['up', '--acme', url]), /zone localhost/)
  assert.match(complaint(['up', ...given, '--dns', 'off']), /--dns off/)
  assert.match(complaint(['up', ...given, '--acme-eab-kid', 'k1']), /one needs the other/)
  assert.match(complaint(['up', '--acme-email', 'a@example.org']), /only with --acme URL/)
})

const bad: [string, string[]][] = [
  ['zone', ['a_b', '1.2.3.4', '-a.example', 'a..b', '*.example', `${'a'.repeat(64)}.example`]],
  ['public-ipv4', ['::1', '300.1.1.1', '0.0.0.0']], ['public-ipv6', ['1.2.3.4', '::', 'fe80::1%eth0']], ['ipv6-prefix', ['2001:db8::/48', '2001:db8::1/64', 'x', '::/64', 'fe80::/64', 'ff05::/64', '2001:db8:1:2:3::/64']],
  ['runtime', ['docker']], ['workers', ['0', '-1', '1.5', '999']], ['signup', ['maybe']], ['idle', ['0', '-5', 'x', '1e9']],
  ['memory-budget', ['0', 'x', '1X', '-1G', '99999999999T']], ['trusted-proxy', ['10.0.0.0/33', 'x', '::/129', '1.2.3.4/']],
  ['acme', ['ftp://x', 'http://ca.example/dir', 'https://a:b@ca.example/dir', 'ca.example']], ['acme-email', ['admin', 'a@b', 'a@b.example,c@d.example', 'A <a@b.example>']], ['acme-profile', ['a\nb']], ['redirect-https', ['yes']], ['ssh', ['22']], ['secondary', ['host', '1.2.3.4:0', '1.2.3', '[1.2.3.4]:53', 'fe80::1%eth0', 'a_b=1.2.3.4', '=1.2.3.4', '1.2.3.4,']],
  ['data', [`/${'d'.repeat(100)}`]],
]
test('a bad value is refused by name', () => {
  for (const [name, values] of bad) for (const value of values) assert.match(complaint(['up', `--${name}=${value}`]), new RegExp(`--${name}`), `${name} ${value}`)
})

test('a misspelt option or command gets the nearest one', () => {
  assert.match(complaint(['up', '--zoen', 'x']), /--zoen; did you mean --zone\?/)
  assert.match(complaint(['up', '--runtme=none']), /did you mean --runtime\?/)
  assert.match(complaint(['pu']), /did you mean up\?/)
  assert.match(complaint(['site', 'crate', 'x']), /did you mean create\?/)
  assert.match(complaint(['up', '--quite-something-else']), /see auberge --help/)
})

test('too few words, too many, and values for switches are refused', () => {
  assert.match(complaint(['up', 'now']), /one word too many/)
  assert.match(complaint(['site', 'show']), /NAME is missing/)
  assert.match(complaint(['site', 'exec', 'a']), /command is missing/)
  assert.match(complaint(['site']), /expected create/)
  assert.match(complaint(['up', '--demo=1']), /takes no value/)
  assert.match(complaint(['up', '--zone', '--demo']), /needs a value/)
})

test('what follows -- belongs to the command that is run', () => {
  const request = parse(['site', 'exec', 'alice', '-t', '--', 'ls', '--json', '--help'], {}, host)
  assert.ok(request.kind === 'order')
  assert.deepEqual(request.rest, ['ls', '--json', '--help'])
  assert.equal(request.options.get('tty'), true)
  assert.equal(request.json, false)
})

test('without root the house is in the home directory', () => {
  assert.equal(house(['--runtime', 'none'], {}, { ...host, uid: 1000 }).data, '/home/kim/.local/share/auberge')
})

test('help names every command, and every option with its variable', () => {
  const all = parse(['--help'], {}, host)
  assert.ok(all.kind === 'help')
  for (const command of COMMANDS) assert.ok(all.text.includes(`auberge ${command.name}`), command.name)
  const up = parse(['up', '--help'], {}, host)
  assert.ok(up.kind === 'help')
  for (const option of UP) assert.ok(up.text.includes(`--${option.name}`), option.name)
  assert.equal(UP.map(variable)[6], 'AUBERGE_PUBLIC_IPV4')
})
