#!/bin/sh
# The one process that changes the database's structure: as the owner, before a release takes over.
set -eu
python manage.py migrate --noinput
python manage.py grant_roles
python manage.py load_reference_data
python manage.py audit_doctor
