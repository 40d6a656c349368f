#!/bin/sh
# An authority of our own, and what it signs: a server's certificate and a client's. For playing only.
set -eu
dir=${1:-$(dirname "$0")/certs}
mkdir -p "$dir" && cd "$dir"
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
[ -f ca.pem ] || openssl req -x509 $key -keyout ca.key -out ca.pem -subj '/CN=authority to play with' -days 30 2>/dev/null
sign() {
  printf '%s\n' "$2" > extensions
  openssl req -new $key -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -extfile extensions -out "$1.crt" -days 30 2>/dev/null
}
sign server 'subjectAltName=DNS:localhost,IP:127.0.0.1'
sign client 'extendedKeyUsage=clientAuth'
