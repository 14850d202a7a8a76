// What a container of Docker costs, as bench/density.ts measures it of our sites. Called by it.
import { Docker, installed } from './docker.ts'
import { growth, type Cost } from './growth.ts'
import { names, settle } from './house.ts'
import { allocated, memoryOf, processesWith } from './memory.ts'

const BATCH = 5

/** A container that runs: `own` is what dockerd, containerd and its shim hold; `disk` is besides its files, bytes. Null where Docker isn't installed. */
export async function dockerDensity(count: number): Promise<Cost & { disk: number } | null> {
  if (!installed()) return null
  const docker = await Docker.open()
  try {
    const before = await look(docker)
    const cost = await growth('/docker', names(count, 'bench'), BATCH, 'machine', async some => { for (const name of some) await docker.page(await docker.run(name)) })
    const after = await look(docker)
    return { ...cost, own: (after.own - before.own) / count, disk: (after.disk - before.disk) / count }
  } finally {
    await docker.close()
  }
}

/** dockerd, containerd and each container's shim have their place in their command lines. */
async function look({ dir }: Docker): Promise<{ own: number; disk: number }> {
  await settle()
  return { own: memoryOf(processesWith(dir)), disk: allocated(`${dir}/data`) }
}
