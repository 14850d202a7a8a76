# Unpacks `files` of a tar from standard input into /var/www, which is an empty volume.
set -eu
tar --extract --file=- --directory=/var/www --same-owner --same-permissions --numeric-owner --acls --xattrs --xattrs-include='user.*' --warning=no-timestamp \
  --delay-directory-restore --transform='s,^files,.,S' files
sync -f /var/www
