// What recipes have in common.

/** What an owner expects in a shell. */
export const TOOLS = ['tar', 'gzip', 'unzip', 'less', 'nano', 'procps', 'ca-certificates', 'curl']

export const ENV = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'HOME=/var/www']

/** Debian's way to put Apache's configuration together; ours is two files. */
export const APACHE_REMOVED = [
  '/etc/apache2/conf-available', '/etc/apache2/conf-enabled', '/etc/apache2/mods-available', '/etc/apache2/mods-enabled',
  '/etc/apache2/sites-available', '/etc/apache2/sites-enabled', '/etc/apache2/ports.conf', '/etc/apache2/envvars',
]

/**
 * How an application is started: by a shell, in the document root. The command is what follows: the recipe's own, or the owner's. The first process passes
 * SIGTERM on to the whole group, for pid 1 has no default for it, and collects what has ended. The shell's trap does nothing but keep the shell, which waits
 * until the application has ended in its own way.
 */
export const APPLICATION = ['/usr/bin/tini', '-g', '--', '/bin/sh', '-c', 'trap : TERM; cd /var/www/html && eval "$0"']

/** Where an application is asked to listen, in the variable PORT. */
export const APPLICATION_PORT = 8080
export const APPLICATION_ENV = [...ENV, `PORT=${APPLICATION_PORT}`]

/** www-data, whom uploaded files belong to. */
export const APPLICATION_USER = '33:33'
