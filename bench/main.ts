// `npm run bench -- NAME [--json]`: runs one benchmark against its peers on this machine. Each file here is one, and exports `run`.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Result } from './table.ts'
import { print } from './table.ts'

const [name = '', ...flags] = process.argv.slice(2)
const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
if (!/^[a-z0-9]+$/.test(name) || name === 'main' || name === 'table' || !existsSync(file)) {
  console.error(`bench: there is no benchmark "${name}"; try: npm run bench -- relay`)
  process.exit(2)
}
const { run } = await import(file) as { run: (flags: string[]) => Promise<Result[]> }
const results = await run(flags)
for (const result of results) {
  if (flags.includes('--json')) console.log(JSON.stringify(result))
  else print(result)
}
