// Archives for uploads in tests: one page, as a zip and as a tar.gz; sites that say something in their log, and that can't start.
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { zip } from '../archive/zips.ts'

export const ZIP = zip([{ name: 'index.html', data: 'hello' }])

const tar = pack()
tar.entry({ name: 'index.html' }, 'hello')
tar.finalize()
export const TARGZ = gzipSync(await buffer(tar))

/** A tar.gz with so many bytes of noise, which no gzip makes fewer: at level 0 it doesn't try. */
export async function noise(size: number, level = 1): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name: 'noise' }, randomBytes(size))
  tar.finalize()
  return gzipSync(await buffer(tar), { level })
}

const saying = (text: string): string => `<?php file_put_contents('php://stderr', base64_decode('${Buffer.from(text).toString('base64')}'));`

/** A page that answers `hello` and writes `text` to the site's log. */
export const talking = (text: string): Buffer => zip([{ name: 'index.php', data: `${saying(text)} echo 'hello';` }])

/** With `BREAKING` in its environment this site writes `text` to its log and ends before it answers: what PHP is to load first fails. */
export const broken = (text: string): Buffer =>
  zip([{ name: 'php.ini', data: 'opcache.preload=/var/www/html/first.php\nopcache.preload_user=www-data\n' }, { name: 'first.php', data: `${saying(text)} nowhere();` }])
export const BREAKING = { PHPRC: '/var/www/html' }
