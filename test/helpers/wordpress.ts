// WordPress as its owner would upload it: the files of Debian's packages, downloaded and unpacked, never installed.
import { rmSync } from 'node:fs'
import { execa } from 'execa'
import { temporary } from './temporary.ts'

/** WordPress, and what it has links to in other packages. */
const PACKAGES = ['wordpress', 'wordpress-theme-twentytwentythree', 'libjs-cropper', 'libjs-underscore', 'php-getid3']
/** Debian's own way to configure it, and a link to the host's certificates: neither is in an upload. */
const DEBIAN = ['wp-config.php', '.htaccess', 'wp-includes/certificates/ca-bundle.crt']

/** A tar.gz of its files. */
export async function wordpressArchive(t: { after(act: () => void): void }): Promise<string> {
  const directory = temporary(t)
  const download = () => execa('apt-get', ['download', ...PACKAGES], { cwd: directory })
  await download().catch(async () => {
    await execa('apt-get', ['update'])
    await download()
  })
  const { stdout } = await execa('find', [directory, '-name', '*.deb'])
  for (const file of stdout.split('\n')) await execa('dpkg', ['--extract', file, `${directory}/all`])
  const files = `${directory}/all/usr/share/wordpress`
  for (const path of DEBIAN) rmSync(`${files}/${path}`)
  await execa('tar', ['--create', '--gzip', '--dereference', `--file=${directory}/wordpress.tar.gz`, `--directory=${files}`, '.'])
  return `${directory}/wordpress.tar.gz`
}
