# Prints what the document root points at, then each release, one a line.
cd /var/www || exit
readlink html || echo
if [ -L releases ]; then exit; fi
for release in releases/*/; do
  release=${release%/}
  if [ -d "$release" ] && [ ! -L "$release" ]; then printf '%s\n' "${release#releases/}"; fi
done
