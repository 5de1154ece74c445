#!/bin/sh
# Makes what is secret, once: whatever exists is left alone, but for the file of Redis users. Each consumer has a volume of its own below /secrets and sees no other;
# files belong to the user that the consumer runs as. SERVICES are those with a role in Postgres.
set -eu
umask 077
: "${DOMAIN:?}" "${SERVICES:?}"
node_user=1000
postgres_user=999
redis_user=999
turn_user=65534

# Hexadecimal, so that it stands in a URL and in SQL as it is.
random() { openssl rand -hex 24; }

# keep FOLDER/NAME USER: writes standard input there unless it is there already. Renamed into place, so that no half file stays.
keep() {
  file=/secrets/$1
  if [ -s "$file" ]; then cat >/dev/null; return; fi
  put "$1" "$2"
  echo "made $1"
}

# put FOLDER/NAME USER: the same, whatever is there.
put() {
  cat >"/secrets/$1.draft"
  chown "$2:$2" "/secrets/$1.draft"
  chmod 400 "/secrets/$1.draft"
  mv "/secrets/$1.draft" "/secrets/$1"
}

random | keep postgres/password $postgres_user
owner=postgres://securechat:$(cat /secrets/postgres/password)@postgres:5432/securechat
printf '%s' "$owner" | keep migrate/postgres-url $node_user

# A user of Redis for each service. The password of the one who may do everything stays beside Redis.
random | keep redis/password $redis_user
hash() { printf '%s' "$1" | sha256sum | cut -d ' ' -f 1; }
for service in gateway $SERVICES; do
  # of a stack that was made when one password was for all
  if grep -q '^redis://:' "/secrets/$service/redis-url" 2>/dev/null; then rm "/secrets/$service/redis-url"; fi
  printf 'redis://sc-%s:%s@redis:6379' "$service" "$(random)" | keep "$service/redis-url" $node_user
done
# anew each time: a release may bring other rights
{
  echo "user default on #$(hash "$(cat /secrets/redis/password)") ~* &* +@all"
  for service in gateway $SERVICES; do
    password=$(sed 's/.*:\(.*\)@.*/\1/' "/secrets/$service/redis-url")
    sed -n "s/^user sc-$service on /&#$(hash "$password") /p" /opt/users.acl
  done
} | put redis/users.acl $redis_user

for service in $SERVICES; do
  random | keep "roles/$service" $postgres_user
  printf 'postgres://securechat_%s:%s@postgres:5432/securechat' "$service" "$(cat "/secrets/roles/$service")" |
    keep "$service/postgres-url" $node_user
done
openssl rand -base64 32 | keep auth/service-key $node_user
random | keep auth/admin-token $node_user
random | keep turn/turn-secret $turn_user
keep auth/turn-secret $node_user </secrets/turn/turn-secret
openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n' | keep push/vapid-private-key $node_user

# Of somebody else's server, where there is one: what it was told last is what it says.
if [ -n "${S3_ACCESS_KEY:-}" ]; then printf '%s' "$S3_ACCESS_KEY" | put files/s3-access-key $node_user; fi
if [ -n "${S3_SECRET_KEY:-}" ]; then printf '%s' "$S3_SECRET_KEY" | put files/s3-secret-key $node_user; fi

# A certificate for DOMAIN from an authority that signs nothing else: its key is thrown away. Replace both files by those of a public
# authority, or let the proxy fetch them (see docs/containers.md).
if [ ! -s /secrets/proxy/tls.crt ]; then
  work=$(mktemp -d)
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 800 -subj "/CN=SecureChat $DOMAIN" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign \
    -keyout "$work/ca.key" -out "$work/ca.crt" 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$DOMAIN" \
    -keyout "$work/tls.key" -out "$work/tls.csr" 2>/dev/null
  printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' "$DOMAIN" >"$work/ext"
  openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 800 -extfile "$work/ext" \
    -out "$work/tls.crt" 2>/dev/null
  keep proxy/ca.crt $node_user <"$work/ca.crt"
  keep proxy/tls.key $node_user <"$work/tls.key"
  keep proxy/tls.crt $node_user <"$work/tls.crt"
  rm -rf "$work"
fi
