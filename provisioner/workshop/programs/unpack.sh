# Unpacks a plain tar from standard input beside the releases. Arguments: the new release.
# Exit 73: /var/www/releases is not a directory; 65: something that is neither a file nor a directory; else tar's own.
set -eu
umask 022
cd /var/www
if [ -L releases ]; then exit 73; fi
if [ ! -e releases ]; then mkdir releases; fi
if [ ! -d releases ]; then exit 73; fi
rm -rf -- releases/*.partial releases/.next
mkdir -- "releases/$1.partial"
chown 33:33 "releases/$1.partial"
cd "releases/$1.partial"
setpriv --reuid 33 --regid 33 --clear-groups tar --extract --file=- --no-same-owner --no-same-permissions --warning=no-timestamp --touch
if [ -n "$(find . ! -type f ! -type d -print -quit)" ]; then exit 65; fi
sync -f .
