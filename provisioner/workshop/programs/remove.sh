# Removes releases, or what a deploy that failed left. Arguments: names below /var/www/releases.
cd /var/www || exit
if [ -L releases ]; then exit; fi
cd releases || exit
rm -rf -- "$@"
