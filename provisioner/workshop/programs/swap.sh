# Puts what restore.sh unpacked in the place of everything else, and everything else back if that fails.
set -eu
cd /var/www
all() { find "$1" -mindepth 1 -maxdepth 1 ! -name .restored ! -name lost+found -exec mv -t "$2" -- '{}' +; }
undo() {
  all . .restored/new
  all .restored/old .
}
trap undo EXIT
all . .restored/old
all .restored/new .
trap - EXIT
rm -rf -- .restored
sync -f .
