// What the command line does the API does, and the reverse: both lists whole, so that neither grows without the other.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMANDS } from '../../bin/commands.mjs'
import { VERBS } from '../../cli/verbs.ts'
import { openHouse } from '../gateway/panel/house.ts'

/** Commands that are about the machine, before there is a house or beside it. */
const OF_THE_MACHINE = ['up', 'setup', 'doctor', 'restore']
/** Each command's calls. */
const CALLS: Record<string, string[]> = {
  'account create': ['POST /api/accounts'], 'account list': ['GET /api/accounts'], 'account suspend': ['PATCH /api/accounts/{username}'], 'account resume': ['PATCH /api/accounts/{username}'],
  'account update': ['PATCH /api/accounts/{username}'], 'account import': ['POST /api/accounts/import'], 'account delete': ['DELETE /api/accounts/{username}'],
  'invite create': ['POST /api/invites'], 'invite list': ['GET /api/invites'], 'invite remove': ['DELETE /api/invites/{code}'],
  'house': ['GET /api/house'], 'audit': ['GET /api/audit'], 'report list': ['GET /api/reports'], 'report close': ['POST /api/reports/{id}/close'],
  'site create': ['POST /api/sites'], 'site list': ['GET /api/sites'], 'site show': ['GET /api/sites/{name}'], 'site deploy': ['PUT /api/sites/{name}/content'], 'site rollback': ['POST /api/sites/{name}/rollback'],
  'site update': ['PATCH /api/sites/{name}'], 'site wake': ['POST /api/sites/{name}/wake'], 'site wakes': ['GET /api/sites/{name}/wakes'], 'site sleep': ['POST /api/sites/{name}/sleep'], 'site restart': ['POST /api/sites/{name}/restart'],
  'site exec': ['POST /api/sites/{name}/exec'], 'site logs': ['GET /api/sites/{name}/logs'], 'site database': ['GET /api/sites/{name}', 'POST /api/sites/{name}/database/rotate'],
  'site backup': ['GET /api/sites/{name}/backup'], 'site restore': ['PUT /api/sites/{name}/backup'], 'site delete': ['DELETE /api/sites/{name}'],
  'final list': ['GET /api/backups'], 'final fetch': ['GET /api/backups/{id}'], 'final restore': ['POST /api/backups/{id}/restore'], 'final remove': ['DELETE /api/backups/{id}'],
  'routes': ['GET /api/routes'], 'image build': ['POST /api/images/{name}/build'], 'image list': ['GET /api/images'], 'image roll': ['POST /api/images/{name}/roll'], 'image pin': ['PUT /api/images/{name}/pin'],
  'image unpin': ['DELETE /api/images/{name}/pin'], 'image remove': ['DELETE /api/images/{name}'], 'ca export': ['GET /api/authority'], 'backup': ['GET /api/house/registry', 'GET /api/house/certificates', 'GET /api/house/keyring'],
}

/** Calls without a command, and why. */
const NO_COMMAND: [RegExp, string][] = [
  [/ \/api\/(session|sessions|tokens|account)(\/|$)/, 'of somebody who is signed in: the command line acts as the house'],
  [/\/events$/, 'what a page watches'],
  [/^POST \/api\/reports$/, 'a visitor\'s'],
  [/^GET \/api\/house\/\w+$|^GET \/(healthz|metrics)$|^GET \/api\/certificates$/, 'doctor and Prometheus'],
  [/^GET \/api\/names\//, 'site create says it'],
  [/^GET \/api\/accounts\/\{username\}$/, 'account list says it'],
  [/\/(tools|console|usage|history)\b/, 'what pages do by hand: site exec does as much'],
  [/^\S+ \/nic\//, 'for routers'],
  [/^GET \/api\/sites\/\{name\}\/exec$/, 'the same as POST, for WebSockets'],
]

/** Whole families: where there are such commands there are such calls. */
const FAMILIES: [RegExp, RegExp][] = [
  [/^site domain /, /\/domains/], [/^site (files|get|put)\b/, /\/files?$/], [/^(site|zone) records/, /\/records$/], [/^acme /, /\/(acme|certificates)\b/], [/^dns /, /\/(dns|dnssec|signing|keys)\b/], [/^site (expose|unexpose|ports)\b/, /\/ports?\b/],
]

const isFamily = (side: 0 | 1) => (name: string): boolean => FAMILIES.some(family => family[side].test(name))
const commands = COMMANDS.map(command => command.name).filter(name => !OF_THE_MACHINE.includes(name) && !isFamily(0)(name))

test('every command is done by somebody', () => {
  const names = COMMANDS.map(command => command.name).filter(name => !OF_THE_MACHINE.includes(name))
  assert.deepEqual(Object.keys(VERBS).sort(), names.sort())
})

test('every command has its API call, and every API call its command or a reason to have none', async t => {
  const house = await openHouse()
  t.after(house.close)
  const { paths } = (await house.visitor().call('GET', '/api/openapi.json')).json<{ paths: Record<string, Record<string, unknown>> }>()
  const calls = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).filter(method => method !== 'head').map(method => `${method.toUpperCase()} ${path}`))
  assert.deepEqual(commands.filter(name => !(name in CALLS)), [], 'commands that are not in the list above')
  assert.deepEqual(Object.keys(CALLS).filter(name => !commands.includes(name)), [], 'listed commands that are no more')
  assert.deepEqual(Object.values(CALLS).flat().filter(call => !calls.includes(call)), [], 'calls that are no more')
  for (const [mine, theirs] of FAMILIES) assert.ok(!COMMANDS.some(({ name }) => mine.test(name)) || calls.some(call => theirs.test(call)), String(mine))
  const served = new Set(Object.values(CALLS).flat())
  assert.deepEqual(calls.filter(call => !served.has(call) && !isFamily(1)(call) && !NO_COMMAND.some(([sign]) => sign.test(call))), [], 'calls without a command')
})
