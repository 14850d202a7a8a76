// @ts-nocheck: the package has no types.
// http-proxy in front of the server on `port`, as a handler of requests. Used by proxied.ts.
import httpProxy from 'http-proxy'

/** @returns {(message: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void} */
export function proxyTo(/** @type {number} */ port) {
  const proxy = httpProxy.createProxyServer({ target: { host: '127.0.0.1', port } })
  proxy.on('error', (_error, _request, response) => { response.destroy() })
  return (message, response) => proxy.web(message, response)
}
