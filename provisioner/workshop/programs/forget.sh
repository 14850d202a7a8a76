# Removes what a restore that failed left.
cd /var/www && rm -rf -- .restored
