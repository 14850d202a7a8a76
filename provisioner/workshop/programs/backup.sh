# Writes a gzipped tar of all under /var/www, as `files`, to standard output. In the pax format, which has times to the nanosecond, long names and
# attributes; the times of reading and of the last change of an entry can't be restored and are left out.
exec tar --create --gzip --file=- --format=posix --pax-option=delete=atime,delete=ctime --sparse --numeric-owner --one-file-system \
  --acls --xattrs --xattrs-include='user.*' --exclude=./lost+found --transform='s,^\.,files,S' --directory=/var/www .
