// The image `static`: Apache without PHP, for files alone.
import type { Recipe } from '../recipe.ts'
import { APACHE, APACHE_REMOVED, ENV, TOOLS } from './common.ts'

export const webStatic: Recipe = {
  name: 'static',
  suite: 'bookworm',
  packages: ['apache2', ...TOOLS],
  files: { '/etc/apache2/apache2.conf': 'apache/apache2.conf', '/etc/apache2/program.conf': 'static/program.conf' },
  targets: ['/etc/auberge/gateways'],
  removed: APACHE_REMOVED,
  config: {
    Env: ENV,
    ...APACHE,
    Labels: { 'auberge.welcome': 'html' },
  },
}
