// The image `static`: Apache without PHP, for files alone.
import type { Recipe } from '../recipe.ts'
import { APACHE_REMOVED, ENV, TOOLS } from './common.ts'

export const webStatic: Recipe = {
  name: 'static',
  suite: 'bookworm',
  packages: ['apache2', ...TOOLS],
  files: { '/etc/apache2/apache2.conf': 'apache/apache2.conf', '/etc/apache2/program.conf': 'static/program.conf' },
  targets: ['/etc/auberge/gateways'],
  removed: APACHE_REMOVED,
  config: {
    Env: ENV,
    Entrypoint: ['/usr/sbin/apache2', '-DFOREGROUND'],
    Cmd: [],
    WorkingDir: '/var/www',
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/var/www': {} },
    StopSignal: 'SIGWINCH',
    Labels: { 'auberge.welcome': 'html' },
  },
}
