// From the reservation (POST) to the last byte of the site's first page through the gateway, one site after the other, on a house with real pods. Beside `docker run`.
// Called by bench/main.ts as `npm run bench -- create`. Must be root. `--sites=N` sets how many; `--docker=off` leaves Docker out.
import { flag } from './relay/rig.ts'
import { Docker, installed } from './pods/docker.ts'
import { names, page, reserve, withData, type Place } from './pods/house.ts'
import { compare, type Result } from './table.ts'

const SITES = 20

type Times = { reserved: number; served: number }

export async function run(flags: string[]): Promise<Result[]> {
  const sites = Number(flag(flags, 'sites') ?? SITES)
  const docker = installed() && flag(flags, 'docker') !== 'off' ? await docked(sites) : []
  return withData(async stage => {
    const place = await stage.start()
    const times: Times[] = []
    for (let i = -1; i < sites; i++) {
      const time = await created(place, `n${i + 1}`)
      if (i >= 0) times.push(time)
    }
    const conditions = 'a site of the image php, one after the other, by the API with a token; the first of all not counted'
    return [
      compare('create', 'ms', { auberge: times.map(({ reserved, served }) => reserved + served), ...(docker.length > 0 ? { docker } : {}) }, `${conditions}; POST to the last byte of the first page; Docker: \`docker run\` of the same root file system, asked until it answers, no gateway, no name, no disk limit`),
      compare('create reservation', 'ms', { auberge: times.map(({ reserved }) => reserved) }, `${conditions}; POST to 201: the name resolves and routes, the pod is ready to start`),
      compare('create first page', 'ms', { auberge: times.map(({ served }) => served) }, `${conditions}; the first request, which starts the pod`),
    ]
  })
}

/** Milliseconds from the command to the first page, of each container. */
async function docked(count: number): Promise<number[]> {
  const docker = await Docker.open()
  try {
    const times: number[] = []
    for (const name of names(count + 1, 'bench')) {
      const start = performance.now()
      await docker.page(await docker.run(name))
      times.push(performance.now() - start)
    }
    return times.slice(1)
  } finally {
    await docker.close()
  }
}

async function created(place: Place, name: string): Promise<Times> {
  const start = performance.now()
  await reserve(place, name)
  const reserved = performance.now()
  const { status } = await page(place, name)
  if (status !== 200) throw new Error(`${name} answered its first request with ${status}`)
  return { reserved: reserved - start, served: performance.now() - reserved }
}
