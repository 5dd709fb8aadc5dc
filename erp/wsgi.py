"""WSGI entry point: REST API and admin."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "erp.settings")
application = get_wsgi_application()

from erp.postgresql.base import serve  # noqa: E402 (after the settings)

serve()
