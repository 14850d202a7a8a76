// An owner at work through the front door, as curl would: signs up, signs in with a token, reserves, deploys.
import assert from 'node:assert/strict'
import { execa } from 'execa'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Answer, Asked, TestHouse } from '../helpers/house.ts'

export type Owner = {
  authorization: string
  /** A call of the API with the owner's token; `json` becomes the body. */
  api(method: string, path: string, json?: unknown): Promise<Answer>
  raw(method: string, path: string, asked?: Asked): Promise<Answer>
}

/** Signs up and in at the panel, and makes a token. */
export async function newOwner(house: TestHouse, username: string): Promise<Owner> {
  const password = `the ${username} sleeps well`
  const host = new URL(house.ready.panel).host
  const body = JSON.stringify({ username, password })
  assert.equal((await house.visit(host, '/api/accounts', { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status, 201)
  return signIn(house, username, password)
}

/** Signs in at the panel, and makes a token. */
export async function signIn(house: TestHouse, username: string, password: string): Promise<Owner> {
  const host = new URL(house.ready.panel).host
  const json = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    house.visit(host, path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
  const session = await json('/api/session', { username, password })
  assert.equal(session.status, 200)
  const cookie = String(session.headers['set-cookie']).split(';')[0] ?? ''
  const token = await json('/api/tokens', { name: 'test' }, { cookie, origin: `http://${host}` })
  assert.equal(token.status, 201, token.text)
  const authorization = `Bearer ${(JSON.parse(token.text) as { token: string }).token}`
  const raw = (method: string, path: string, { headers = {}, ...asked }: Asked = {}) =>
    house.visit(host, path, { method, headers: { authorization, ...headers }, ...asked })
  return {
    raw, authorization,
    api: (method, path, body) => raw(method, path, body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  }
}

/** A zip made by the real zip program. */
export async function zipOf(files: Record<string, string>): Promise<Buffer> {
  const directory = mkdtempSync(`${tmpdir()}/aub-zip-`)
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text)
    await execa('zip', ['-q', 'site.zip', ...Object.keys(files)], { cwd: directory })
    return readFileSync(`${directory}/site.zip`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
