"""Settings. Every environment variable is read in the first block, typed, and documented in .env.example."""

import os
import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import environ
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

BASE_DIR = Path(__file__).resolve().parent.parent


class SecretFiles(FileAwareMapping):
    """SECRET_KEY_FILE=/run/secrets/key stands for SECRET_KEY, and so on. The line's end is no part of a secret."""

    def __getitem__(self, key: str) -> str:
        return str(super().__getitem__(key)).removesuffix("\n")


class Environment(environ.Env):
    """The environment, or files that it names."""

    ENVIRON = SecretFiles()


env = Environment()
if (BASE_DIR / ".env").exists():
    Environment.read_env(BASE_DIR / ".env")


def networks(name: str, *, default: Sequence[str] = ()) -> list[IPv4Network | IPv6Network]:
    """Addresses or networks of this variable. Raises: ImproperlyConfigured."""
    try:
        return [ip_network(each.strip()) for each in env.list(name, default=[*default])]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}. Give addresses or networks such as 10.0.0.0/24.") from None


def cores() -> int:
    """Cores that this process may use: a container often has fewer than its machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


DEBUG: bool = env.bool("DEBUG", default=False)
DEMO: bool = env.bool("DEMO", default=False)
DATABASE_URL: str = env.str("DATABASE_URL", default="")
DATABASE_REPLICA_URLS: list[str] = env.list("DATABASE_REPLICA_URLS", default=[])
DB_STATEMENT_TIMEOUT_MS: int = env.int("DB_STATEMENT_TIMEOUT_MS", default=30_000)
DB_IDLE_IN_TRANSACTION_TIMEOUT_MS: int = env.int("DB_IDLE_IN_TRANSACTION_TIMEOUT_MS", default=60_000)
DATABASE_POOLER: str = env.str("DATABASE_POOLER", default="")
DATABASE_DIRECT_URL: str = env.str("DATABASE_DIRECT_URL", default="")
MIGRATE_LOCK_TIMEOUT_MS: int = env.int("MIGRATE_LOCK_TIMEOUT_MS", default=500)
DB_POOL_MIN: int = env.int("DB_POOL_MIN", default=1)
DB_POOL_MAX: int = env.int("DB_POOL_MAX", default=0)  # 0: persistent connections, no pool
WEB_CONCURRENCY: int = env.int("WEB_CONCURRENCY", default=0) or cores()  # 0: a process for each core
WEB_THREADS: int = env.int("WEB_THREADS", default=4)
WEB_MAX_REQUESTS: int = env.int("WEB_MAX_REQUESTS", default=0)
REDIS_URL: str = env.str("REDIS_URL", default="")
SECRET_KEY: str = env.str("SECRET_KEY", default="")
FIELD_ENCRYPTION_KEY: str = env.str("FIELD_ENCRYPTION_KEY", default="")
AUDIT_SIGNING_KEY_FILE: str = env.str("AUDIT_SIGNING_KEY_FILE", default="")
AUDIT_ORIGIN: str = env.str("AUDIT_ORIGIN", default="cotton-erp/audit")
AUDIT_HEAD_SINKS: list[str] = env.list("AUDIT_HEAD_SINKS", default=[])
JWT_SECRET: str = env.str("JWT_SECRET", default="")
JWT_SECRET_PREVIOUS: str = env.str("JWT_SECRET_PREVIOUS", default="")
JWT_ISSUER: str = env.str("JWT_ISSUER", default="cotton-erp")
JWT_AUDIENCE: str = env.str("JWT_AUDIENCE", default="cotton-erp-api")
JWT_ALGORITHM: str = env.str("JWT_ALGORITHM", default="HS256")
JWT_EXPIRE_MINUTES: int = env.int("JWT_EXPIRE_MINUTES", default=30)
JWT_REFRESH_DAYS: int = env.int("JWT_REFRESH_DAYS", default=30)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
ALLOWED_ORIGINS: list[str] = env.list("ALLOWED_ORIGINS", default=[])
TRUSTED_PROXIES = networks("TRUSTED_PROXIES")
API_FAST_LANE: bool = env.bool("API_FAST_LANE", default=True)
ADMIN_PATH: str = env.str("ADMIN_PATH", default="admin/")
ADMIN_ALLOWED = networks("ADMIN_ALLOWED")
API_CONTACT_EMAIL: str = env.str("API_CONTACT_EMAIL", default="support@cotton-erp.example")
FILE_SCANNER: str = env.str("FILE_SCANNER", default="")
EMAIL_URL: str = env.str("EMAIL_URL", default="consolemail://" if DEBUG else "smtp://127.0.0.1:25")
EMAIL_FROM: str = env.str("EMAIL_FROM", default="Cotton ERP <noreply@cotton-erp.example>")
RATE_LIMITS: str = env.str("RATE_LIMITS", default="tier")
LOG_FORMAT: str = env.str("LOG_FORMAT", default="text" if DEBUG else "json")
METRICS_ALLOWED = networks("METRICS_ALLOWED", default=["127.0.0.0/8", "::1"])
PROMETHEUS_MULTIPROC_DIR: str = env.str("PROMETHEUS_MULTIPROC_DIR", default="")
OTEL_EXPORTER_OTLP_ENDPOINT: str = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
if not PROMETHEUS_MULTIPROC_DIR:
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)  # its library takes an empty one for the folder it stands in
if LOG_FORMAT not in {"json", "text"}:
    raise ImproperlyConfigured(f"LOG_FORMAT is {LOG_FORMAT!r}: set json or text.")
if not re.fullmatch(r"(?!(api|static|healthz|readyz|metrics)/)([a-z0-9-]+/)+", ADMIN_PATH):
    raise ImproperlyConfigured(
        f"ADMIN_PATH is {ADMIN_PATH!r}: set a path of its own such as desk-7f3a/, with a slash at its end."
    )
if RATE_LIMITS not in {"tier", "tier+default"}:
    raise ImproperlyConfigured(f"RATE_LIMITS is {RATE_LIMITS!r}: set tier, or tier+default.")
if DATABASE_POOLER not in {"", "transaction"}:
    raise ImproperlyConfigured(f"DATABASE_POOLER is {DATABASE_POOLER!r}: leave it empty, or set transaction.")
if DATABASE_POOLER and not DATABASE_DIRECT_URL:
    raise ImproperlyConfigured(
        "DATABASE_DIRECT_URL must be set with DATABASE_POOLER: worker and migrations need sessions of their own. "
        "Give PostgreSQL's address behind the pooler (docs/operations.md)."
    )
if DATABASE_POOLER and Path(sys.argv[0]).name in {"manage.py", "django-admin"}:
    # Listening, session locks and migrations need one session from start to end: commands go around the pooler.
    DATABASE_URL, DATABASE_POOLER = DATABASE_DIRECT_URL, ""

# A missing secret stops a production start. Development gets fixed values that `check --deploy` refuses.
DEVELOPMENT_KEY = "development-only-" + "k" * 48
if DEBUG:
    SECRET_KEY = SECRET_KEY or DEVELOPMENT_KEY
    FIELD_ENCRYPTION_KEY = FIELD_ENCRYPTION_KEY or DEVELOPMENT_KEY
    JWT_SECRET = JWT_SECRET or f"{DEVELOPMENT_KEY}-tokens"
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["127.0.0.1", "localhost", "[::1]", "testserver"]
else:
    required = {
        "SECRET_KEY": SECRET_KEY,
        "FIELD_ENCRYPTION_KEY": FIELD_ENCRYPTION_KEY,
        "JWT_SECRET": JWT_SECRET,
        "DATABASE_URL": DATABASE_URL,
        "REDIS_URL": REDIS_URL,
    }
    missing = [name for name, value in required.items() if not value]
    if missing:
        raise ImproperlyConfigured(
            f"{', '.join(missing)} must be set: production does not start without. "
            "For development set DEBUG=1; .env.example describes every variable."
        )
if not AUDIT_ORIGIN or any(character.isspace() or character == "+" for character in AUDIT_ORIGIN):
    raise ImproperlyConfigured(f"AUDIT_ORIGIN is {AUDIT_ORIGIN!r}: set a name without spaces and plus signs.")
if JWT_ALGORITHM not in {"HS256", "HS384", "HS512"}:
    raise ImproperlyConfigured(f"JWT_ALGORITHM is {JWT_ALGORITHM!r}: set HS256, HS384 or HS512.")
for secret in filter(None, (JWT_SECRET, JWT_SECRET_PREVIOUS)):
    if len(secret.encode()) < 32 or secret == SECRET_KEY:
        raise ImproperlyConfigured("JWT_SECRET and JWT_SECRET_PREVIOUS need 32 bytes or more, other than SECRET_KEY.")

INSTALLED_APPS = [
    "erp.apps.ErpConfig",
    "erp.events",
    "erp.ledger",
    "erp.approvals",
    "erp.imports",
    "erp.ops.apps.OpsConfig",
    "erp.admin.apps.DeskConfig",
    "erp.api",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "simple_history",
    "import_export",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "locations",
    "commodities",
    "organizations",
    "partners",
    "accounts",
]

MIDDLEWARE = [
    "erp.ops.middleware.WatchMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "erp.middleware.ApiMiddleware",
    "erp.middleware.DeskPolicyMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "erp.middleware.RequestContextMiddleware",
    "erp.middleware.DeskNetworkMiddleware",
    "erp.middleware.DeskSessionMiddleware",
    "erp.middleware.DeskCommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.SignInMiddleware",
    "erp.middleware.DeskMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "erp.middleware.ActorMiddleware",
]

ROOT_URLCONF = "erp.urls"
WSGI_APPLICATION = "erp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Database ------------------------------------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **(env.db_url_config(DATABASE_URL) if DATABASE_URL else {"NAME": "cotton"}),
        "ENGINE": "erp.postgresql",
        "CONN_MAX_AGE": 0 if DB_POOL_MAX else 600,
        "CONN_HEALTH_CHECKS": True,
    }
}
for number, url in enumerate(DATABASE_REPLICA_URLS, start=1):
    DATABASES[f"replica{number}"] = {**DATABASES["default"], **env.db_url_config(url), "ENGINE": "erp.postgresql"}
DATABASE_REPLICAS = list(DATABASES)[1:]
DATABASE_ROUTERS = ["erp.replicas.Router"]
if DB_POOL_MAX:
    # A connection that waited half an hour is closed, one that is an hour old replaced: failovers and leaks end by themselves.
    pool = {"min_size": DB_POOL_MIN, "max_size": DB_POOL_MAX, "max_idle": 1800, "max_lifetime": 3600, "timeout": 10}
    for database in DATABASES.values():
        database["OPTIONS"] = {**database.get("OPTIONS", {}), "pool": pool}
if DATABASE_POOLER:
    # Statements of one connection reach many sessions: nothing may stay in one of them.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
    DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = None
    if "options" in DATABASES["default"]["OPTIONS"]:
        raise ImproperlyConfigured(
            "DATABASE_URL carries options, which a pooler drops. Give them to the role: ALTER ROLE … SET …."
        )
EMBEDDED_POSTGRES = None if DATABASE_URL else BASE_DIR / "var" / "postgres"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Cache ---------------------------------------------------------------------------------------------------------------
# Short timeouts: a hung server must not hold requests, which then do without it (erp/caches.py).
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "erp.caches.Cache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.2, "SOCKET_TIMEOUT": 0.2},
    }
    if REDIS_URL
    # In development it outlives a reload, and what the demonstration's people looked at gets from its seed to the server.
    else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": BASE_DIR / "var" / "cache"}
    if DEBUG
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# Users ---------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the login is unique, without regard to case, by constraint user_email_unique
AUTHENTICATION_BACKENDS = ["accounts.backends.LoginBackend"]
PASSWORD_HASHERS = [
    "accounts.passwords.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())

# Tokens of the API: simplejwt signs and reads them (erp/tokens.py), accounts.AuthSession says whether they are still good.
SIMPLE_JWT = {
    "ALGORITHM": JWT_ALGORITHM,
    "SIGNING_KEY": JWT_SECRET,
    "ISSUER": JWT_ISSUER,
    "AUDIENCE": JWT_AUDIENCE,
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=JWT_EXPIRE_MINUTES),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=JWT_REFRESH_DAYS),
}

# Second factor of the desk: others may, super admins must.
SECOND_FACTOR_REQUIRED = not DEBUG
OTP_TOTP_ISSUER = "Cotton ERP"

# API -----------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "erp.authentication.SessionTokenAuthentication",
        "erp.authentication.ApiKeyAuthentication",
    ],
    "DEFAULT_SCHEMA_CLASS": "erp.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "erp.api.errors.handle",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Cotton ERP API",
    "VERSION": "1.0.0",
    "DESCRIPTION": (BASE_DIR / "erp" / "api" / "description.md").read_text(encoding="utf-8"),
    "CONTACT": {"name": "Cotton ERP support", "email": API_CONTACT_EMAIL},
    "LICENSE": {"name": "Proprietary"},
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "erp.api.schema.finish"],
    # Several fields have these choices, or a field of the name has others elsewhere: the names are ours, not counted ones.
    "ENUM_NAME_OVERRIDES": {
        "PartyEnum": "commodities.models.terms.DeliveryTerm.Party",
        "TaxSchemeEnum": "erp.identifiers.TaxScheme",
        "CommodityTaxSchemeEnum": "commodities.models.tax.CommodityTaxCode.Scheme",
    },
}

# Language and time ---------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "Asia/Kolkata"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["erp.formats"]

# Mail ----------------------------------------------------------------------------------------------------------------
vars().update(env.email_url_config(EMAIL_URL))
# Every message passes erp/mail.py on its way to the backend that EMAIL_URL names.
MAIL_BACKEND: str = vars()["EMAIL_BACKEND"]
EMAIL_BACKEND = "erp.mail.Backend"
DEFAULT_FROM_EMAIL = EMAIL_FROM
EMAIL_TIMEOUT = 10

# Files ---------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
MEDIA_ROOT = BASE_DIR / "var" / "private"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Security ------------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [SELF],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# History -------------------------------------------------------------------------------------------------------------
# The triggers write it; there is no switch. `erp.checks` refuses settings that pretend there were one.
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_DATE_INDEX = False
IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"

# Web pages of others may call the API without cookies, and read what its answers say beside the body.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOWED_ORIGINS = ALLOWED_ORIGINS
CORS_ALLOW_HEADERS = (
    *default_headers,
    "if-match",
    "if-none-match",
    "idempotency-key",
    "x-change-reason",
    "x-request-id",
)
CORS_EXPOSE_HEADERS = ("ETag", "Link", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID")

# Jobs ----------------------------------------------------------------------------------------------------------------
PROCRASTINATE_IMPORT_PATHS = [
    "erp.events.jobs",
    "erp.ops.jobs",
    "erp.ledger.jobs",
    "erp.approvals.jobs",
    "erp.api.jobs",
    "erp.admin.imports.tasks",
    "erp.admin.sweeping",
    "partners.jobs",
    "accounts.jobs",
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "erp.ops.logs.CurrentContext"}},
    "formatters": {"text": {"()": "erp.ops.logs.Line"}, "json": {"()": "erp.ops.logs.Json"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["context"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "procrastinate.blueprints": {"level": "WARNING"},
        "procrastinate.periodic": {"level": "WARNING"},  # a line for every command otherwise
        "erp.access": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"},  # runserver writes lines of its own
    },
}
