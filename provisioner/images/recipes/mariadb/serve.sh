# Starts the database server; makes its data directory first where there is none. One that was begun and not finished is begun anew.
set -eu
cd /var/www
rm -rf -- tmp
mkdir tmp
if [ ! -d data ]; then
  rm -rf -- new
  # --force: there is no name service here to ask for the host's own name.
  mariadb-install-db --datadir=/var/www/new --force --skip-name-resolve --skip-test-db --auth-root-authentication-method=socket >/dev/null
  sync -f .
  mv -T -- new data
fi
exec mariadbd
