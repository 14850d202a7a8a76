// @ts-nocheck: the package has no types.
// http-proxy as its users run it, with kept-alive upstream connections. Arguments: port, backend port.
import { Agent, createServer } from 'node:http'
import httpProxy from 'http-proxy'

const [port, backend] = process.argv.slice(2).map(Number)
const proxy = httpProxy.createProxyServer({ target: { host: '127.0.0.1', port: backend }, agent: new Agent({ keepAlive: true, maxSockets: 256 }), xfwd: true })
proxy.on('error', (_error, _request, response) => { if (response !== undefined && 'writeHead' in response) response.writeHead(502).end() })
createServer((request, response) => proxy.web(request, response)).on('upgrade', (request, socket, head) => proxy.ws(request, socket, head)).listen(port, '127.0.0.1')
