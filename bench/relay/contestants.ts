// The proxies that bench/relay.ts compares, and the nginx behind them: configurations and command lines. All but http-proxy write access logs, as packaged.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** How to start a contestant in the foreground, one worker, with its files in `dir`. */
export type Contestant = { name: string; command: (dir: string, port: number, backend: number) => Promise<string[]> }

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Ours under another name, with so many routes in its table. */
export function oursWith(name: string, routes: number): Contestant {
  return { name, command: async (dir, port, backend) => [process.execPath, here('ours.ts'), String(port), String(backend), String(routes), dir] }
}

export const ours = oursWith('auberge', 1_000)

export const peers: Contestant[] = [
  {
    name: 'nginx',
    command: async (dir, port, backend) => {
      await writeFile(`${dir}/proxy.conf`, nginx(dir, `map $http_upgrade $link { default upgrade; '' ''; }
upstream up { server 127.0.0.1:${backend}; keepalive 128; keepalive_requests 100000000; }
server { listen 127.0.0.1:${port}; access_log ${dir}/access.log combined; keepalive_requests 100000000; client_max_body_size 0; proxy_request_buffering off; location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $link; proxy_set_header Host $host;
proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Request-Id $request_id; } }`, 'proxy'))
      return ['/usr/sbin/nginx', '-c', `${dir}/proxy.conf`]
    },
  },
  {
    name: 'haproxy',
    command: async (dir, port, backend) => {
      await writeFile(`${dir}/haproxy.cfg`, `global
  log stdout format raw local0
  nbthread 1
  maxconn 20000
  no strict-limits
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend f
  bind 127.0.0.1:${port}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Request-Id %[uuid()]
  default_backend b
backend b
  server s 127.0.0.1:${backend}
`)
      return ['/usr/sbin/haproxy', '-db', '-f', `${dir}/haproxy.cfg`]
    },
  },
  { name: 'http-proxy', command: async (_dir, port, backend) => [process.execPath, here('httpproxy.mjs'), String(port), String(backend)] },
]

/** The nginx behind: what it answers with never costs more than its system calls. */
export async function backendCommand(dir: string, port: number): Promise<string[]> {
  await writeFile(`${dir}/small`, 'x'.repeat(107))
  await writeFile(`${dir}/10k`, 'x'.repeat(10_240))
  await writeFile(`${dir}/100m`, Buffer.alloc(100 * 2 ** 20, 120))
  await writeFile(`${dir}/backend.conf`, nginx(dir, `open_file_cache max=10; server { listen ${port}; keepalive_requests 100000000; keepalive_timeout 300; client_max_body_size 0; root ${dir}; }`, 'backend'))
  return ['/usr/sbin/nginx', '-c', `${dir}/backend.conf`]
}

/** A whole nginx configuration, one worker, around `servers`. */
export function nginx(dir: string, servers: string, name: string): string {
  return `daemon off; worker_processes 1; master_process off; pid ${dir}/${name}.pid; error_log stderr crit;
events { worker_connections 20000; }
http { access_log off; client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s; sendfile on; ${servers} }
`
}
