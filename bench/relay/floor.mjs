// @ts-nocheck: run as it is.
// Node's own floor: a bare TLS or HTTP/2 server that answers every request with the same bytes; or, with a backend, one that hands the bytes of each TLS
// connection to a connection of its own there and back, unread. Arguments: port, h1 or h2, directory of cert.pem and key.pem, and for that the backend's port.
import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { connect } from 'node:net'
import { createServer } from 'node:tls'

const [port, protocol, dir, backend] = process.argv.slice(2)
const secrets = { cert: readFileSync(`${dir}/cert.pem`), key: readFileSync(`${dir}/key.pem`) }
const body = 'x'.repeat(107)
const answer = `HTTP/1.1 200 OK\r\nServer: floor\r\nDate: Tue, 24 Nov 2026 08:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 107\r\n\r\n${body}`
const server = protocol === 'h2' ? createSecureServer(secrets) : createServer({ ...secrets, ALPNProtocols: ['http/1.1'] })
if (protocol === 'h2') server.on('stream', stream => { stream.respond({ ':status': 200, 'content-type': 'text/plain', 'content-length': 107 }); stream.end(body) })
else if (backend) server.on('secureConnection', forward)
else server.on('secureConnection', socket => { socket.on('error', () => {}); socket.on('data', () => socket.write(answer, 'latin1')) })
server.on('sessionError', () => {}).on('tlsClientError', () => {})
server.listen(Number(port), '127.0.0.1')

function forward(socket) {
  const up = connect({ port: Number(backend), host: '127.0.0.1', noDelay: true })
  socket.on('data', bytes => up.write(bytes)).on('error', () => {}).on('close', () => up.destroy())
  up.on('data', bytes => socket.write(bytes)).on('error', () => {}).on('close', () => socket.destroy())
}
