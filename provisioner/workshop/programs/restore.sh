# Unpacks a tar from standard input into /var/www, which is an empty volume: `files`, and a database's SQL, if there is one, aside. Says `database` then.
set -eu
cd /var/www
tar --extract --file=- --same-owner --same-permissions --numeric-owner --acls --xattrs --xattrs-include='user.*' --warning=no-timestamp \
  --delay-directory-restore --anchored --exclude=auberge.json --transform='s,^files$,.,S' --transform='s,^files/,./,S' --transform='s,^database\.sql$,.database.sql,S'
if [ -f .database.sql ] && [ ! -L .database.sql ]; then echo database; fi
sync -f .
