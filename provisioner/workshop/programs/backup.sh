# Writes a gzipped tar of all under /var/www to standard output.
exec tar --create --gzip --file=- --sparse --numeric-owner --one-file-system --exclude=./lost+found --exclude=./.restored --directory=/var/www .
