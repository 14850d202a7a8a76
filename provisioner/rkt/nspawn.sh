#!/bin/sh
# Put as systemd-nspawn before the host's on the PATH of rkt's stage1 "host".
#
# It waits until the pod's network is guarded: rkt has made it, and nothing of the pod runs yet. (Asked for its version it doesn't.)
[ "$1" != --boot ] || read -r _ <"$AUBERGE_GUARDED" || exit
unset AUBERGE_GUARDED
# rkt makes the pod's part of the hierarchy of systemd with a mode that a user namespace can't pass.
cgroup=$(sed -n 's/^[0-9]*:name=systemd://p' /proc/self/cgroup)
[ -z "$cgroup" ] || chmod 0755 "/sys/fs/cgroup/systemd$cgroup"
# rkt asks for registration with systemd-machined, which would move the pod out of its site's control group, and which a current systemd-nspawn refuses where
# there is no D-Bus.
for word do
  shift
  case $word in
    --register=*) set -- "$@" --register=no --keep-unit ;;
    *) set -- "$@" "$word" ;;
  esac
done
PATH=${PATH#*:}
exec systemd-nspawn "$@"
