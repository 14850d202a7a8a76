# Writes a gzipped tar of all under /var/www to standard output. What is left out is left out here: tar's own --exclude takes hours for a tree
# of some thousand levels, which would make a site that can't be saved, and so can't be deleted.
find /var/www -mindepth 1 -maxdepth 1 ! -name lost+found ! -name .restored -printf './%P\0' |
  tar --create --gzip --file=- --sparse --numeric-owner --one-file-system --directory=/var/www --no-recursion . --recursion --null --verbatim-files-from --files-from=-
