// The image `mariadb`: Debian's MariaDB server and its clients, for the house's own database pod (../../database). No site runs on it.
import type { Recipe } from '../recipe.ts'
import { ENV } from './common.ts'

/** Nobody in particular: neither root nor an id that the base system gives a name. The volume is its own from the first day. */
export const MARIADB = 999

export const mariadb: Recipe = {
  name: 'mariadb',
  suite: 'bookworm',
  packages: ['mariadb-server-core', 'mariadb-client'],
  files: { '/etc/mysql/my.cnf': 'mariadb/my.cnf', '/etc/auberge/serve.sh': 'mariadb/serve.sh' },
  targets: ['/etc/auberge/accounts.sql'],
  removed: ['/etc/mysql/conf.d', '/etc/mysql/mariadb.conf.d'],
  config: {
    Env: ENV,
    Entrypoint: ['/bin/sh', '/etc/auberge/serve.sh'],
    Cmd: [],
    WorkingDir: '/var/www',
    ExposedPorts: { '3306/tcp': {} },
    Volumes: { '/var/www': {} },
    StopSignal: 'SIGTERM',
    User: `${MARIADB}:${MARIADB}`,
    Labels: { 'auberge.for': 'house' },
  },
}
