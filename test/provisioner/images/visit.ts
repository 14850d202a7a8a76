// A pod of an image, and a visitor who comes to it as the gateway does: from the host, by HTTP. For the tests of images.
import { request, type IncomingHttpHeaders } from 'node:http'
import type { TestContext } from 'node:test'
import { text } from 'node:stream/consumers'
import { execInPod } from '../../../provisioner/container.ts'
import { ensureImage } from '../../../provisioner/images/build.ts'
import { run } from '../../../provisioner/run.ts'
import type { SiteSpec } from '../../../provisioner/api.ts'
import { tarOf } from '../workshop/house.ts'
import { house, spec } from '../house.ts'

export type Answer = { status: number; headers: IncomingHttpHeaders; body: string }
export type Asked = { method?: string; headers?: Record<string, string>; body?: string }

/** The site `alice` on an image, with `files` as its release, awake. `get` doesn't tidy the path up. */
export async function site(t: TestContext, files: Record<string, string | null>, change: Partial<SiteSpec> = {}) {
  const wanted: SiteSpec = { ...spec(), ...change }
  await ensureImage(wanted.image.split('@')[0] ?? '', () => {})
  const { client, host } = await house(t)
  await client.create('alice', wanted)
  if (Object.keys(files).length > 0) await client.deploy('alice', tarOf(files))
  const { pod } = await client.wake('alice')
  return {
    client, host, pod, wanted,
    get: (path: string, asked: Asked = {}) => ask(pod.ipv4, pod.port, path, asked),
    get6: (path: string, asked: Asked = {}) => ask(pod.ipv6, pod.port, path, asked),
    /** What a command in the pod prints. */
    inside: (...command: string[]) => run(execInPod(host, 'alice', { command })),
    log: async () => text(await client.logs('alice', { follow: false })),
  }
}

/** One request on a connection of its own. */
export function ask(host: string, port: number, path: string, { method = 'GET', headers = {}, body = '' }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, method, headers: { Host: 'alice.example', ...headers }, agent: false }, answer => {
      text(answer).then(body => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }), reject)
    })
    asked.once('error', reject)
    asked.end(body)
  })
}
