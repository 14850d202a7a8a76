# One thing done to a site's files. Arguments: what to do, then its own. Paths are below /var/www and have no `..`.
# Exit 65: it leads outside; 66: not there; 73: of the wrong kind; 75: changed meanwhile; 76: there already.
set -eu
home=/var/www

# Where a path leads, whatever links are on the way: $at.
real() {
  at=$(readlink -m -- "$home/$1")
  case $at/ in "$home"/*) ;; *) exit 65 ;; esac
}
# The entry itself, where its last part is a link.
entry() {
  real "$(dirname -- "$1")"
  at=$at/$(basename -- "$1")
}
there() { [ -e "$1" ] || [ -L "$1" ]; }
# It changes whenever the content does: what we write is always a new inode.
version() { stat -L -c '%i.%s.%.9Y' -- "$1"; }
# A directory and those above it, each with the owner of the one it is in.
parents() {
  if [ -d "$1" ]; then return; fi
  parents "$(dirname -- "$1")"
  mkdir -- "$1" || exit 73
  chown --reference="$(dirname -- "$1")" -- "$1"
}
free() { if there "$1"; then exit 76; fi; }

case $1 in
list) # PATH. For each entry: its kind, what it leads to, size, time and name, each ended by NUL.
  real "$2"
  [ -e "$at" ] || exit 66
  [ -d "$at" ] || exit 73
  cd -- "$at"
  exec find . -mindepth 1 -maxdepth 1 -printf '%y\0%Y\0%s\0%T@\0%f\0'
  ;;
read) # PATH. A line with size and version, then the content.
  real "$2"
  [ -e "$at" ] || exit 66
  [ -f "$at" ] || exit 73
  exec 3<"$at"
  size=$(stat -L -c %s /proc/self/fd/3)
  printf '%s %s\n' "$size" "$(version /proc/self/fd/3)"
  exec head -c "$size" <&3
  ;;
store) # TOKEN. Standard input, put aside.
  umask 077
  find "$home" -maxdepth 1 -name '.auberge-*.partial' -mmin +1440 -delete
  cat >"$home/.auberge-$2.partial"
  ;;
forget) # TOKEN
  rm -f -- "$home/.auberge-$2.partial"
  ;;
commit) # TOKEN PATH EXPECTED. What was put aside becomes the file: only if it has that version (`-`: isn't there; empty: whatever is there).
  new=$home/.auberge-$2.partial
  trap 'rm -f -- "$new"' EXIT
  real "$3"
  if [ -e "$at" ]; then
    [ -f "$at" ] || exit 73
    has=$(version "$at")
    if [ "$4" = - ]; then exit 76; fi
    if [ -n "$4" ] && [ "$4" != "$has" ]; then exit 75; fi
    chown --reference="$at" -- "$new"
    chmod --reference="$at" -- "$new"
  else
    if [ -n "$4" ] && [ "$4" != - ]; then exit 75; fi
    umask 022
    parents "$(dirname -- "$at")"
    chown --reference="$(dirname -- "$at")" -- "$new"
    chmod 644 -- "$new"
  fi
  sync -- "$new"
  mv -T -- "$new" "$at"
  trap - EXIT
  sync -f "$home"
  version "$at"
  ;;
mkdir) # PATH
  entry "$2"
  free "$at"
  umask 022
  parents "$at"
  sync -f "$home"
  ;;
move) # FROM TO
  entry "$2"
  from=$at
  there "$from" || exit 66
  entry "$3"
  [ -d "$(dirname -- "$at")" ] || exit 66
  free "$at"
  case $at/ in "$from"/*) exit 73 ;; esac
  mv -T -- "$from" "$at"
  sync -f "$home"
  ;;
remove) # PATH
  entry "$2"
  there "$at" || exit 66
  rm -rf --one-file-system -- "$at"
  sync -f "$home"
  ;;
esac
