#!/bin/sh
# coturn with the shipped file and the secret that auth has too. The secret goes into a file in memory: coturn takes it from no file of
# its own, and a command line can be read by everybody on the machine.
set -eu
umask 077
: "${DOMAIN:?set SECURECHAT_DOMAIN to the name of the server}" "${TURN_IP:?set SECURECHAT_TURN_IP to the address that devices reach this machine at}"
own=/tmp/turnserver.conf
cp /etc/securechat/turnserver.conf "$own"
printf '\nrealm=%s\nexternal-ip=%s\nstatic-auth-secret=%s\npidfile=/tmp/turnserver.pid\n' \
  "$DOMAIN" "$TURN_IP" "$(cat /run/secrets/turn-secret)" >>"$own"
exec turnserver -c "$own"
