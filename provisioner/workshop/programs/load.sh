# Fills an empty database with the SQL that a backup brought. Arguments: the database.
# Who made a view, a trigger, a routine or an event was an account of the site that the backup is of; here it is this one, which is what leaving it out says.
set -eu
export MYSQL_PWD="$DB_PASSWORD" LC_ALL=C
by='DEFINER=`[^`]*`@`[^`]*`'
sed -E -e "s,^/\*!50013 $by ,/*!50013 ," -e "s,^(/\*!50003 CREATE\*/) /\*!50017 $by\*/,\1," -e "s,^(/\*!50106 CREATE\*/) /\*!50117 $by\*/,\1," -e "s,^CREATE $by ,CREATE ," \
  /var/www/.database.sql | mariadb --host="$DB_HOST" --port="$DB_PORT" --user="$DB_USER" --default-character-set=utf8mb4 --binary-mode --database="$1"
