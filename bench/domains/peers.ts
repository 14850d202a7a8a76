// nginx with a server block and a certificate for each domain, as its manual says, for bench/domains.ts.
import { mkdir, writeFile } from 'node:fs/promises'
import type { Certificate } from '../../gateway/messages.ts'
import { nginx, type Contestant } from '../relay/contestants.ts'

export function nginxWith(name: string, certificates: Certificate[]): Contestant {
  return {
    name,
    command: async (dir, port, backend) => {
      const folder = `${dir}/${name.replace(/\W/g, '')}`
      await mkdir(folder, { recursive: true })
      const blocks = await Promise.all(certificates.map(async ({ names: [host = ''], chain, key }) => {
        await Promise.all([writeFile(`${folder}/${host}.crt`, chain), writeFile(`${folder}/${host}.key`, key)])
        return `server { listen 127.0.0.1:${port} ssl; server_name ${host}; ssl_certificate ${folder}/${host}.crt; ssl_certificate_key ${folder}/${host}.key; location / { proxy_pass http://127.0.0.1:${backend}; } }`
      }))
      await writeFile(`${folder}.conf`, nginx(dir, `server_names_hash_max_size 65536; server_names_hash_bucket_size 128; ssl_session_cache shared:s:10m; ${blocks.join('\n')}`, name.replace(/\W/g, '')))
      return ['/usr/sbin/nginx', '-c', `${folder}.conf`]
    },
  }
}
