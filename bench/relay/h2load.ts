// Load from h2load, over TLS, HTTP/1.1 or HTTP/2. Used by bench/tls.ts and bench/h2.ts.
import { exec, type Load } from './rig.ts'

/** `more`: how many connections, streams, requests or seconds. Throws where a request failed, or TLS wasn't 1.3. */
export async function h2load(port: number, more: string[]): Promise<Load> {
  const { stdout } = await exec('h2load', [...more, `--connect-to=127.0.0.1:${port}`, `https://bench.test:${port}/small`], { maxBuffer: 2 ** 24 })
  const requests = Number(/([0-9]+) succeeded/.exec(stdout)?.[1])
  const seconds = /finished in ([0-9.]+)(ms|s|us)/.exec(stdout)
  const good = / 0 failed, 0 errored, 0 timeout/.test(stdout) && /TLS Protocol: TLSv1\.3/.test(stdout) && / 0 3xx, 0 4xx, 0 5xx/.test(stdout)
  if (!good || !(requests > 0) || seconds === null) throw new Error(`h2load reports: ${stdout}`)
  return { requests, seconds: Number(seconds[1]) / (seconds[2] === 'ms' ? 1e3 : seconds[2] === 'us' ? 1e6 : 1) }
}
