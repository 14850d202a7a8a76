// The servers that tls.ts and h2.ts compare: the same proxies with a P-256 certificate, and Node's own floor, which forwards nothing.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { nginx, type Contestant } from './contestants.ts'
import { exec } from './rig.ts'

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** An ECDSA P-256 certificate for bench.test and 127.0.0.1 in `dir`: cert.pem, key.pem and, for HAProxy, both.pem. */
export async function certify(dir: string): Promise<void> {
  await exec('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=bench.test',
    '-addext', 'subjectAltName=DNS:bench.test,DNS:*.bench.test,IP:127.0.0.1', '-keyout', `${dir}/key.pem`, '-out', `${dir}/cert.pem`])
  await exec('sh', ['-c', `cat ${dir}/cert.pem ${dir}/key.pem > ${dir}/both.pem`])
}

export const tlsOurs: Contestant = {
  name: 'auberge',
  command: async (dir, port, backend) => [process.execPath, here('ours.ts'), String(port), String(backend), '1000', dir, dir],
}

export const tlsNginx: Contestant = {
  name: 'nginx',
  command: async (dir, port, backend) => {
    await writeFile(`${dir}/tls.conf`, nginx(dir, `upstream up { server 127.0.0.1:${backend}; keepalive 128; keepalive_requests 100000000; }
ssl_certificate ${dir}/cert.pem; ssl_certificate_key ${dir}/key.pem; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:10m; ssl_prefer_server_ciphers off;
server { listen 127.0.0.1:${port} ssl http2; keepalive_requests 100000000; client_max_body_size 0; location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Request-Id $request_id; } }`, 'tls'))
    return ['/usr/sbin/nginx', '-c', `${dir}/tls.conf`]
  },
}

export const tlsHaproxy: Contestant = {
  name: 'haproxy',
  command: async (dir, port, backend) => {
    await writeFile(`${dir}/tls.cfg`, `global
  nbthread 1
  maxconn 20000
  no strict-limits
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend f
  bind 127.0.0.1:${port} ssl crt ${dir}/both.pem alpn h2,http/1.1
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Request-Id %[uuid()]
  default_backend b
backend b
  server s 127.0.0.1:${backend}
`)
    return ['/usr/sbin/haproxy', '-db', '-f', `${dir}/tls.cfg`]
  },
}

export const caddy: Contestant = {
  name: 'caddy',
  command: async (dir, port, backend) => {
    await writeFile(`${dir}/Caddyfile`, `{
  admin off
  auto_https off
  storage file_system ${dir}/caddy
  log {
    level ERROR
  }
}
https://bench.test:${port} {
  bind 127.0.0.1
  tls ${dir}/cert.pem ${dir}/key.pem
  reverse_proxy 127.0.0.1:${backend}
}
`)
    return ['/usr/bin/caddy', 'run', '--config', `${dir}/Caddyfile`, '--adapter', 'caddyfile']
  },
}

/** What Node's own TLS costs who hands decrypted bytes on to a backend and back without looking at them. */
export const passing: Contestant = {
  name: 'node passing',
  command: async (dir, port, backend) => [process.execPath, here('floor.mjs'), String(port), 'h1', dir, String(backend)],
}

/** What Node's TLS or HTTP/2 server costs before a proxy does anything: `protocol` is h1 or h2. */
export function floor(protocol: 'h1' | 'h2'): Contestant {
  return { name: 'node floor', command: async (dir, port) => [process.execPath, here('floor.mjs'), String(port), protocol, dir] }
}
