#!/bin/sh
# Run by the postgres image on an empty data directory: the three roles, their passwords from files, and the database.
set -eu
mkdir -p /var/lib/postgresql/archive
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --file /docker-entrypoint-initdb.d/roles.sql.once
for role in owner app auditor; do
    psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --quiet \
        --set=role="erp_$role" --set=password="$(cat "/run/secrets/db_${role}_password")" <<'SQL'
ALTER ROLE :"role" PASSWORD :'password';
SQL
done
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --quiet --command "CREATE DATABASE cotton OWNER erp_owner"
