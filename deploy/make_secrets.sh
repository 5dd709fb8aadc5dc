#!/bin/sh
# Makes what is missing in deploy/secrets/ for deploy/compose.yaml, and app.env from the sample. Existing files stay as they are.
# The certificate is a self-signed one: replace tls.crt and tls.key.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
make() { [ -s "secrets/$1" ] || python3 -c "import secrets; print(secrets.token_urlsafe(50))" >"secrets/$1"; }
for name in db_superuser_password db_owner_password db_app_password db_auditor_password secret_key field_encryption_key jwt_secret; do
    make "$name"
done
[ -s secrets/database_url ] || echo "postgresql://erp_app:$(cat secrets/db_app_password)@postgresql:5432/cotton" >secrets/database_url
[ -s secrets/database_url_owner ] ||
    echo "postgresql://erp_owner:$(cat secrets/db_owner_password)@postgresql:5432/cotton" >secrets/database_url_owner
[ -s secrets/audit_signing_key.pem ] || openssl genpkey -algorithm ed25519 -out secrets/audit_signing_key.pem
[ -s secrets/tls.crt ] ||
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=${1:-erp.example.com}" \
        -keyout secrets/tls.key -out secrets/tls.crt 2>/dev/null
# Compose mounts each file as it is, for users that only the containers know; on this machine the folder keeps others out.
chmod 0444 secrets/*
chmod 0700 secrets
[ -e app.env ] ||
    sed -n 's/^\(AUDIT_ORIGIN\|AUDIT_HEAD_SINKS\|ALLOWED_HOSTS\|ALLOWED_ORIGINS\|API_CONTACT_EMAIL\|EMAIL_URL\|EMAIL_FROM\)=/\1=/p' \
        production.env.sample >app.env
