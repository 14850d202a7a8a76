// The image `php`: Debian 12, Apache 2.4 prefork with mod_php 8.2, and the tools an owner expects in a shell.
import type { Recipe } from '../recipe.ts'

export const php: Recipe = {
  name: 'php',
  suite: 'bookworm',
  packages: [
    'apache2', 'libapache2-mod-php',
    'php-mysql', 'php-sqlite3', 'php-mbstring', 'php-curl', 'php-gd', 'php-xml', 'php-zip', 'php-intl',
    'tar', 'gzip', 'unzip', 'less', 'nano', 'procps', 'ca-certificates', 'curl',
  ],
  files: {
    '/etc/apache2/apache2.conf': 'php/apache2.conf',
    '/etc/php/8.2/apache2/conf.d/99-site.ini': 'php/php.ini',
    '/etc/php/8.2/cli/conf.d/99-site.ini': 'php/cli.ini',
  },
  removed: [
    '/etc/apache2/conf-available', '/etc/apache2/conf-enabled', '/etc/apache2/mods-available', '/etc/apache2/mods-enabled',
    '/etc/apache2/sites-available', '/etc/apache2/sites-enabled', '/etc/apache2/ports.conf', '/etc/apache2/envvars',
  ],
  config: {
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'HOME=/var/www'],
    Entrypoint: ['/usr/sbin/apache2', '-DFOREGROUND'],
    Cmd: [],
    WorkingDir: '/var/www',
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/var/www': {} },
    StopSignal: 'SIGWINCH',
  },
}
