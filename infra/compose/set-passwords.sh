#!/bin/sh
# Gives the services' roles their passwords, after the migrations have made the roles. Repeats what is so already.
set -eu
: "${SERVICES:?}"
PGPASSWORD=$(cat /secrets/postgres/password)
export PGPASSWORD
for service in $SERVICES; do
  printf "ALTER ROLE securechat_%s PASSWORD '%s';\n" "$service" "$(cat "/secrets/roles/$service")"
done | psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -h postgres -U securechat -d securechat
