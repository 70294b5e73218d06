#!/bin/sh
# Owns the files of secrets/ that docker-compose.yml hands to its services, in the folder where it is run. It makes what is missing and
# leaves what is there; passwords of an older .env are taken over.
set -eu
umask 077
mkdir -p secrets
# A secret is mounted as it is, and read by the container's own user, who is none of this machine's: the folder keeps others out.
keep() {
  [ -s "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"
  chmod 444 "secrets/$1"
}
key() {
  printf 'hf_%s_%s' "$(openssl rand -hex 16 | sed 's/^\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)/\1-\2-\3-\4-/')" "$(openssl rand -hex 32)"
}
older() {
  value=$(sed -n "s/^$1=//p" .env 2> /dev/null | tail -n 1)
  [ -n "$value" ] || value=$(openssl rand -hex 24)
  printf '%s' "$value"
}
keep postgres-password "$(openssl rand -hex 24)"
keep owner-password "$(older POSTGRES_PASSWORD)"
keep coordinator-password "$(openssl rand -hex 24)"
keep admin-key "$(key)"
keep metrics-key "$(key)"
keep redis-password "$(older REDIS_PASSWORD)"
keep grafana-password "$(older GRAFANA_PASSWORD)"
keep database-url "postgres://holdfast_coordinator:$(cat secrets/coordinator-password)@postgres:5432/holdfast"
keep migrate-database-url "postgres://holdfast:$(cat secrets/owner-password)@postgres:5432/holdfast"
keep redis-url "redis://:$(cat secrets/redis-password)@redis:6379"
