// A registry of its own for each test, in a temporary directory that goes when the test ends.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { TestContext } from 'node:test'
import { openRegistry } from '../../registry/open.ts'
import type { Registry } from '../../registry/registry.ts'
import type { Account } from '../../registry/types.ts'

/** A directory that is removed after the test. */
export function scratch(t: TestContext): string {
  const folder = mkdtempSync(`${tmpdir()}/auberge-test-`)
  t.after(() => { rmSync(folder, { recursive: true, force: true }) })
  return folder
}

/** An empty registry and the path of its file. */
export function freshRegistry(t: TestContext): { registry: Registry; file: string } {
  const file = `${scratch(t)}/registry/auberge.db`
  const registry = openRegistry(file)
  t.after(() => { registry.close() })
  return { registry, file }
}

/** An account with a good password. */
export function account(registry: Registry, username = 'alice', role: 'user' | 'admin' = 'user'): Promise<Account> {
  return registry.accounts.create({ username, password: 'correct horse', role })
}
