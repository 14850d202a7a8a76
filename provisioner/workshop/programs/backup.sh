# Writes a gzipped tar of all under /var/www, as `files`, to standard output. In the pax format, which has times to the nanosecond, long names and
# attributes; the times of reading and of the last change of an entry can't be restored and are left out. What isn't saved is left out by find: tar's
# own --exclude takes hours for a tree of some hundred levels, and a site that can't be saved can't be deleted.
find /var/www -mindepth 1 -maxdepth 1 ! -name lost+found -printf './%P\0' |
  tar --create --gzip --file=- --format=posix --pax-option=delete=atime,delete=ctime --sparse --numeric-owner --one-file-system \
    --acls --xattrs --xattrs-include='user.*' --transform='s,^\.,files,S' --directory=/var/www --no-recursion . --recursion --null --verbatim-files-from --files-from=-
