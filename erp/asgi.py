"""ASGI entry point: sockets. REST and admin run on WSGI, which costs them less."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "erp.settings")
application = get_asgi_application()

from erp.postgresql.base import serve  # noqa: E402 (after the settings)

serve()
