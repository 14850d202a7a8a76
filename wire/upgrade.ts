// Asks an HTTP server on a unix socket to switch protocols. Used by the command line and by the provisioner's client.
import type { Client, Dispatcher } from 'undici'
import type { Duplex } from 'node:stream'

export type UpgradeRequest = { method: 'GET' | 'POST'; path: string; protocol: string; headers?: Record<string, string> }

/**
 * The switched socket, or the answer of a server that refuses, which undici's own `upgrade` doesn't show: so the request is dispatched by hand.
 * Rejects where the connection fails.
 */
export function upgrade(client: Client, { method, path, protocol, headers = {} }: UpgradeRequest): Promise<{ socket: Duplex } | { status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const body: Buffer[] = []
    let status = 0
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => {},
      onRequestUpgrade: (_controller, _status, _headers, socket) => resolve({ socket: socket as Duplex }),
      onResponseStart: (_controller, code) => { status = code },
      onResponseData: (_controller, chunk) => void body.push(chunk),
      onResponseEnd: () => resolve({ status, text: Buffer.concat(body).toString('utf8') }),
      onResponseError: (_controller, error) => reject(error),
    }
    client.dispatch({ method, path, headers, upgrade: protocol }, handler)
  })
}
