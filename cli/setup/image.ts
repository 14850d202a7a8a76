// The images a house needs, for sites and for their databases: each built once a machine and again when its recipe has changed, by the provisioner's own program. Steps of set-up.
import { execa } from 'execa'
import { existsSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { AubergeError } from '../../wire/error.ts'
import type { Say } from '../progress.ts'
import type { Step } from './step.ts'

const IMAGES = '/var/lib/auberge-images'

/** A step that makes sure of an image; `clone` is where the program is. */
export function image(clone: string, name: string): Step {
  return {
    name: `image ${name}`,
    check: async () => (built(name) && (await fresh(clone, name)) ? null : `no image ${name} of today's recipe below ${IMAGES}; run auberge setup`),
    mend: say => build(clone, name, say),
  }
}

/** Images appear by a rename: one that is there is whole. */
function built(name: string): boolean {
  return existsSync(IMAGES) && readdirSync(IMAGES).some(entry => entry.startsWith(`${name}@`))
}

/** Asks the provisioner's program, which knows the recipe. */
async function fresh(clone: string, name: string): Promise<boolean> {
  const { exitCode } = await execa(process.execPath, [`${clone}/provisioner/images/main.ts`, 'fresh', name], { stdio: 'ignore', reject: false })
  return exitCode === 0
}

async function build(clone: string, name: string, say: Say): Promise<void> {
  say(`Building the image ${name}: this takes a minute or two, once`)
  const child = execa(process.execPath, [`${clone}/provisioner/images/main.ts`, 'ensure', name], { stdin: 'ignore', stdout: 'ignore', buffer: false, reject: false })
  createInterface({ input: child.stderr }).on('line', say)
  const { exitCode } = await child
  if (exitCode !== 0) throw new AubergeError('failed', `the image ${name} can't be built; see the messages above`)
}
