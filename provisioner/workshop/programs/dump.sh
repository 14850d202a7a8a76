# Writes the site's database as SQL to standard output, all of it as it is at one moment.
set -eu
export MYSQL_PWD="$DB_PASSWORD"
exec mariadb-dump --host="$DB_HOST" --port="$DB_PORT" --user="$DB_USER" --default-character-set=utf8mb4 --single-transaction --routines --triggers --events \
  --hex-blob --no-tablespaces --skip-dump-date "$DB_NAME"
