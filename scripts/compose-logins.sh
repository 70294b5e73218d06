#!/bin/sh
# Owns what the PostgreSQL of docker-compose.yml does once its cluster is made: the logins and roles of sql/roles. By hand, for a cluster
# that is older: docs/operations.md, "Roles and secrets".
set -eu
export SECRETS_FOLDER="${SECRETS_FOLDER:-/run/secrets}"
psql --no-psqlrc --quiet --username="${POSTGRES_USER:-postgres}" --dbname=postgres --file="${ROLES_FOLDER:-/etc/holdfast/roles}/logins.sql"
