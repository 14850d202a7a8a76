# Unpacks a tar from standard input beside what is there.
set -eu
cd /var/www
rm -rf -- .restored
mkdir -m 0700 -- .restored .restored/new .restored/old
tar --extract --file=- --directory=.restored/new --same-owner --same-permissions --numeric-owner --warning=no-timestamp --delay-directory-restore
rm -rf -- .restored/new/lost+found .restored/new/.restored
sync -f .
