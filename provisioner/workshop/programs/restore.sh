# Unpacks a tar from standard input into /var/www, which is an empty volume: what is below `files`, and a database's SQL, if there is one, aside.
# Says `database` then. What else there is goes into a directory of its own and away.
set -eu
cd /var/www
tar --extract --file=- --same-owner --same-permissions --numeric-owner --acls --xattrs --xattrs-include='user.*' --warning=no-timestamp \
  --delay-directory-restore --verbose --index-file=/tmp/index --transform='s,^,.beside/,S' --transform='s,^\.beside/files$,.,S' \
  --transform='s,^\.beside/files/,./,S' --transform='s,^\.beside/database\.sql$,.database.sql,S'
if ! grep -q -x -e files -e 'files/.*' /tmp/index; then
  echo 'tar: files: Not found in archive' >&2
  exit 2
fi
at=$(stat --format=%y .)
rm -rf -- .beside
touch --date="$at" .
if [ -f .database.sql ] && [ ! -L .database.sql ]; then echo database; fi
sync -f .
