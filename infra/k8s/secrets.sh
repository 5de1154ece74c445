#!/bin/sh
# Prints the secrets of a namespace, for `kubectl apply -f -`. Redirect it nowhere: it holds the service key, which clients pin, so
# keep a copy of that in your safe, and make it once.
#
#   sh infra/k8s/secrets.sh dev | kubectl apply -f -
#   GATEWAY_REDIS_URL=rediss://sc-gateway:…@… AUTH_REDIS_URL=rediss://sc-auth:…@… (and so DELIVERY_, PRESENCE_, FILES_, PUSH_) \
#     MIGRATE_POSTGRES_URL=postgres://owner:…@… AUTH_POSTGRES_URL=postgres://securechat_auth:…@… \
#     DELIVERY_POSTGRES_URL=postgres://securechat_delivery:…@… PRESENCE_POSTGRES_URL=postgres://securechat_presence:…@… \
#     FILES_POSTGRES_URL=postgres://securechat_files:…@… PUSH_POSTGRES_URL=postgres://securechat_push:…@… \
#     AUTH_SERVICE_KEY=$(openssl rand -base64 32) PUSH_VAPID_PRIVATE_KEY=$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=') \
#     sh infra/k8s/secrets.sh production | kubectl apply -f -
set -eu
case ${1-} in
dev)
  namespace=securechat-dev
  GATEWAY_REDIS_URL=redis://redis:6379
  AUTH_REDIS_URL=$GATEWAY_REDIS_URL
  DELIVERY_REDIS_URL=$GATEWAY_REDIS_URL
  PRESENCE_REDIS_URL=$GATEWAY_REDIS_URL
  FILES_REDIS_URL=$GATEWAY_REDIS_URL
  PUSH_REDIS_URL=$GATEWAY_REDIS_URL
  MIGRATE_POSTGRES_URL=postgres://securechat@postgres:5432/securechat
  AUTH_POSTGRES_URL=postgres://securechat_auth@postgres:5432/securechat
  DELIVERY_POSTGRES_URL=postgres://securechat_delivery@postgres:5432/securechat
  PRESENCE_POSTGRES_URL=postgres://securechat_presence@postgres:5432/securechat
  FILES_POSTGRES_URL=postgres://securechat_files@postgres:5432/securechat
  PUSH_POSTGRES_URL=postgres://securechat_push@postgres:5432/securechat
  : "${AUTH_SERVICE_KEY:=$(openssl rand -base64 32)}"
  : "${PUSH_VAPID_PRIVATE_KEY:=$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')}"
  ;;
production)
  namespace=securechat
  : "${GATEWAY_REDIS_URL:?}" "${AUTH_REDIS_URL:?}" "${DELIVERY_REDIS_URL:?}" "${PRESENCE_REDIS_URL:?}" "${FILES_REDIS_URL:?}" "${PUSH_REDIS_URL:?}"
  : "${MIGRATE_POSTGRES_URL:?}" "${AUTH_POSTGRES_URL:?}" "${DELIVERY_POSTGRES_URL:?}" "${PRESENCE_POSTGRES_URL:?}" "${FILES_POSTGRES_URL:?}" "${PUSH_POSTGRES_URL:?}" "${AUTH_SERVICE_KEY:?}" \
    "${PUSH_VAPID_PRIVATE_KEY:?}"
  ;;
*)
  echo 'Usage: sh infra/k8s/secrets.sh dev|production' >&2
  exit 2
  ;;
esac
: "${AUTH_ADMIN_TOKEN:=$(openssl rand -hex 24)}"

# secret NAME [KEY VALUE]...: values in base64, so that nothing in them can end the YAML string
secret() {
  printf -- '---\napiVersion: v1\nkind: Secret\ntype: Opaque\nmetadata: { name: %s, namespace: %s }\ndata:\n' "$1" "$namespace"
  shift
  while [ $# -gt 0 ]; do
    printf '  %s: %s\n' "$1" "$(printf '%s' "$2" | openssl base64 -A)"
    shift 2
  done
}

secret securechat-migrate postgres-url "$MIGRATE_POSTGRES_URL"
secret securechat-gateway redis-url "$GATEWAY_REDIS_URL"
# what auth shares with coturn, where there is one (AUTH_TURN_SECRET)
secret securechat-auth redis-url "$AUTH_REDIS_URL" postgres-url "$AUTH_POSTGRES_URL" service-key "$AUTH_SERVICE_KEY" admin-token "$AUTH_ADMIN_TOKEN" \
  ${AUTH_TURN_SECRET:+turn-secret "$AUTH_TURN_SECRET"}
secret securechat-delivery redis-url "$DELIVERY_REDIS_URL" postgres-url "$DELIVERY_POSTGRES_URL"
secret securechat-presence redis-url "$PRESENCE_REDIS_URL" postgres-url "$PRESENCE_POSTGRES_URL"
# the keys of a bucket, where the component `bucket` is used
secret securechat-files redis-url "$FILES_REDIS_URL" postgres-url "$FILES_POSTGRES_URL" \
  ${FILES_S3_ACCESS_KEY:+s3-access-key "$FILES_S3_ACCESS_KEY"} ${FILES_S3_SECRET_KEY:+s3-secret-key "$FILES_S3_SECRET_KEY"}
secret securechat-push redis-url "$PUSH_REDIS_URL" postgres-url "$PUSH_POSTGRES_URL" vapid-private-key "$PUSH_VAPID_PRIVATE_KEY"
