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
 * How an application is started: by a shell, in the document root, with a first process that passes signals on and collects what has ended (the kernel gives
 * a program that is pid 1 no default for SIGTERM). The command is what follows: the recipe's own, or the owner's.
 */
export const APPLICATION = ['/usr/bin/tini', '-g', '--', '/bin/sh', '-c', 'cd /var/www/html && exec /bin/sh -c "$0"']

/** Where an application is asked to listen, in the variable PORT. */
export const APPLICATION_PORT = 8080
export const APPLICATION_ENV = [...ENV, `PORT=${APPLICATION_PORT}`]

/** www-data, whom uploaded files belong to. */
export const APPLICATION_USER = '33:33'
