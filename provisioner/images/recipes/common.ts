// What recipes have in common.
import type { ContainerConfig } from '../store.ts'

/** What an owner expects in a shell. */
export const TOOLS = ['tar', 'gzip', 'unzip', 'less', 'nano', 'procps', 'ca-certificates', 'curl']

export const ENV = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'HOME=/var/www']

/** Debian's way to put Apache's configuration together; ours is two files. */
export const APACHE_REMOVED = [
  '/etc/apache2/conf-available', '/etc/apache2/conf-enabled', '/etc/apache2/mods-available', '/etc/apache2/mods-enabled',
  '/etc/apache2/sites-available', '/etc/apache2/sites-enabled', '/etc/apache2/ports.conf', '/etc/apache2/envvars',
]

/** How Apache runs, whatever serves pages besides files. */
export const APACHE = {
  Entrypoint: ['/usr/sbin/apache2', '-DFOREGROUND'],
  Cmd: [],
  WorkingDir: '/var/www',
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/var/www': {} },
  StopSignal: 'SIGWINCH',
}

/**
 * How an application is started: by a shell, in the document root. The command is what follows: the recipe's own, or the owner's. The first process passes
 * SIGTERM on to the whole group, for pid 1 has no default for it, and collects what has ended. The shell's trap does nothing but keep the shell, which waits
 * until the application has ended in its own way.
 */
const START = ['/usr/bin/tini', '-g', '--', '/bin/sh', '-c', 'trap : TERM; cd /var/www/html && eval "$0"']

/** Where an application is asked to listen, in the variable PORT. */
const PORT = 8080

/** An application: started by `Cmd`, as www-data, whom uploaded files belong to. `welcome`: which first page its sites have. */
export function application(welcome: 'node' | 'python', command: string, env: string[]): ContainerConfig {
  return {
    Env: [...ENV, `PORT=${PORT}`, ...env],
    Entrypoint: START,
    Cmd: [command],
    WorkingDir: '/var/www',
    ExposedPorts: { [`${PORT}/tcp`]: {} },
    Volumes: { '/var/www': {} },
    StopSignal: 'SIGTERM',
    User: '33:33',
    Labels: { 'auberge.takes': 'start', 'auberge.welcome': welcome },
  }
}
