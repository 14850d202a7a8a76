# Makes a release the document root in one step. Arguments: the release, a name for a document root that is a directory of the
# owner's own (it is kept as a release), and `new` where the release is still RELEASE.partial.
# Exit 66: no such release. On any failure all is as before.
set -eu
cd /var/www
kept=
renamed=
undo() {
  rm -rf -- releases/.next
  if [ -n "$kept" ]; then mv -T -- "releases/$kept" html; fi
  if [ -n "$renamed" ]; then mv -T -- "releases/$1" "releases/$1.partial"; fi
}
if [ -L releases ]; then exit 66; fi
trap 'undo "$1"' EXIT
if [ "$3" = new ]; then
  mv -T -- "releases/$1.partial" "releases/$1"
  renamed=yes
fi
if [ -L "releases/$1" ] || [ ! -d "releases/$1" ]; then exit 66; fi
rm -rf -- releases/.next
ln -sT -- "releases/$1" releases/.next
if [ -d html ] && [ ! -L html ]; then
  mv -T -- html "releases/$2"
  kept=$2
fi
mv -T -- releases/.next html
trap - EXIT
sync -f .
