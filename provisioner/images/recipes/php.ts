// The image `php`: Debian 12, Apache 2.4 prefork with mod_php 8.2, Adminer for its owner, and the tools an owner expects in a shell.
import type { Recipe } from '../recipe.ts'
import { APACHE, APACHE_REMOVED, ENV, TOOLS } from './common.ts'

export const php: Recipe = {
  name: 'php',
  suite: 'bookworm',
  packages: [
    'apache2', 'libapache2-mod-php',
    'php-mysql', 'php-sqlite3', 'php-mbstring', 'php-curl', 'php-gd', 'php-xml', 'php-zip', 'php-intl', 'adminer',
    ...TOOLS,
  ],
  files: {
    '/etc/apache2/apache2.conf': 'apache/apache2.conf',
    '/etc/apache2/program.conf': 'php/program.conf',
    '/etc/apache2/tools.conf': 'php/tools.conf',
    '/usr/share/auberge/tools/index.php': 'php/adminer.php',
    '/etc/php/8.2/apache2/conf.d/99-site.ini': 'php/php.ini',
    '/etc/php/8.2/cli/conf.d/99-site.ini': 'php/cli.ini',
  },
  targets: ['/etc/auberge/gateways', '/etc/auberge/php/owner.ini'],
  removed: APACHE_REMOVED,
  config: {
    // The owner's settings are read last. The first, empty element stands for the directory PHP was built with.
    Env: [...ENV, 'PHP_INI_SCAN_DIR=:/etc/auberge/php'],
    ...APACHE,
    Labels: { 'auberge.takes': 'php', 'auberge.welcome': 'php', 'auberge.tools': '8099' },
  },
}
