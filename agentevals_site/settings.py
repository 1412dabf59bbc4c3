"""Settings, all from the environment; a wrong one stops the start.

Every variable is described in docs/reference/settings.md.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from agentevals_site.environment import (
    Environment,
    SettingError,
    local_secret_key,
    make_folder_of,
)
from evaluation.judging.providers import (
    BASE_URL_VARIABLE,
    KEY_VARIABLE,
    MODEL_VARIABLE,
    PROVIDER_VARIABLES,
)
from runs.egress.policy import AddressPolicy

env = Environment()
BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(env.text("AGENTEVALS_STATE_DIR", ".agentevals") or "").resolve()

# --- Where and for whom ---------------------------------------------------------------

PRODUCTION = (
    env.choice("AGENTEVALS_ENVIRONMENT", {"local", "production"}, default="local")
    == "production"
)
DEBUG = env.boolean("AGENTEVALS_DEBUG", default=False)
SECRET_KEY = env.text_or_file("AGENTEVALS_SECRET_KEY") or ""
if PRODUCTION and not SECRET_KEY:
    raise SettingError(
        "AGENTEVALS_SECRET_KEY",
        None,
        "AGENTEVALS_ENVIRONMENT=production needs a secret of 50 random characters",
    )
SECRET_KEY = SECRET_KEY or local_secret_key(STATE_DIR)
ALLOWED_HOSTS = env.words(
    "AGENTEVALS_ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]"
)
if PRODUCTION and not ALLOWED_HOSTS:
    raise SettingError(
        "AGENTEVALS_ALLOWED_HOSTS",
        None,
        "AGENTEVALS_ENVIRONMENT=production needs the host names it is reached by",
    )
CSRF_TRUSTED_ORIGINS = env.words("AGENTEVALS_CSRF_TRUSTED_ORIGINS", "")
CORS_ORIGINS = env.origins(
    "AGENTEVALS_CORS_ORIGINS", "http://localhost:5173,http://localhost:5174"
)

# --- Storage --------------------------------------------------------------------------

STORAGE_BACKEND = env.choice(
    "AGENTEVALS_STORAGE_BACKEND", {"memory", "sqlite", "postgres"}, default="memory"
)
DURABLE = STORAGE_BACKEND != "memory"
DATABASE_SCHEMA = env.identifier("AGENTEVALS_DATABASE_SCHEMA", default="agentevals")
SQLITE_PATH = Path(
    env.text("AGENTEVALS_SQLITE_PATH", str(STATE_DIR / "agentevals.sqlite3")) or ""
).resolve()
AUTO_MIGRATE = env.boolean("AGENTEVALS_AUTO_MIGRATE", default=True)
MIGRATE_LOCK_TIMEOUT_S = env.integer(
    "AGENTEVALS_MIGRATE_LOCK_TIMEOUT", default=60, minimum=0
)
DB_CONNECT_TIMEOUT_S = env.integer(
    "AGENTEVALS_DB_CONNECT_TIMEOUT_S", default=60, minimum=0
)

# --- Access ---------------------------------------------------------------------------

API_AUTH = env.choice("AGENTEVALS_API_AUTH", {"open", "token"}, default="open")
if API_AUTH == "token" and not DURABLE:
    raise SettingError(
        "AGENTEVALS_API_AUTH",
        API_AUTH,
        "tokens are kept in the database; set AGENTEVALS_STORAGE_BACKEND to sqlite or "
        "postgres",
    )

# --- Runs -----------------------------------------------------------------------------

MAX_CONCURRENT_RUNS = env.integer(
    "AGENTEVALS_MAX_CONCURRENT_RUNS", default=4, minimum=1
)
MAX_CONCURRENT_EVALUATIONS = env.integer(
    "AGENTEVALS_MAX_CONCURRENT_EVALUATIONS", default=4, minimum=1
)
RUN_DEADLINE = timedelta(
    seconds=env.integer("AGENTEVALS_RUN_DEADLINE_S", default=300, minimum=1)
)
HEARTBEAT_S = env.integer("AGENTEVALS_HEARTBEAT_S", default=5, minimum=1)
LEASE_S = env.integer("AGENTEVALS_LEASE_S", default=30, minimum=1)
if LEASE_S <= HEARTBEAT_S:
    raise SettingError(
        "AGENTEVALS_LEASE_S",
        LEASE_S,
        f"the lease must be longer than AGENTEVALS_HEARTBEAT_S ({HEARTBEAT_S}); "
        "three heartbeats or more are sound",
    )
MAX_RUN_ATTEMPTS = env.integer("AGENTEVALS_MAX_RUN_ATTEMPTS", default=3, minimum=1)
WORKER_POLL_INTERVAL_S = env.positive("AGENTEVALS_WORKER_POLL_INTERVAL_S", default=1.0)
DRAIN_S = env.integer("AGENTEVALS_DRAIN_S", default=25, minimum=0)
# How long runs are kept after their end; None is for ever.
RETENTION = env.days("AGENTEVALS_RETENTION_DAYS")

# --- Deliveries and requests that leave the server ------------------------------------

SINK_DIR = env.folder("AGENTEVALS_SINK_DIR")
SINK_SECRET = env.text_or_file("AGENTEVALS_SINK_SECRET") or ""
PRIVATE_HOSTS = env.words("AGENTEVALS_ALLOWED_PRIVATE_HOSTS", "")
try:
    ADDRESS_POLICY = AddressPolicy.parse(PRIVATE_HOSTS)
except ValueError as error:
    raise SettingError(
        "AGENTEVALS_ALLOWED_PRIVATE_HOSTS",
        ",".join(PRIVATE_HOSTS),
        f"{error}; use names, addresses or networks, separated by commas",
    ) from error

# --- Evaluators that are somebody's code ---------------------------------------------

EVALUATOR_DIR = env.folder("AGENTEVALS_EVALUATOR_DIR")
EVALUATOR_MEMORY_MB = env.integer(
    "AGENTEVALS_EVALUATOR_MEMORY_MB", default=1024, minimum=64
)
EVALUATOR_TIMEOUT_S = env.integer(
    "AGENTEVALS_EVALUATOR_TIMEOUT_S", default=60, minimum=1
)

# --- Judges ---------------------------------------------------------------------------

# The keys and addresses of providers, by the names that everybody uses.
JUDGE_ENVIRONMENT = {
    **{name: os.environ[name] for name in PROVIDER_VARIABLES if name in os.environ},
    MODEL_VARIABLE: env.text("AGENTEVALS_JUDGE_MODEL") or "",
    BASE_URL_VARIABLE: env.text("AGENTEVALS_JUDGE_BASE_URL") or "",
    KEY_VARIABLE: env.text_or_file("AGENTEVALS_JUDGE_API_KEY") or "",
}
JUDGE_KEYS = env.pairs("AGENTEVALS_JUDGE_KEYS")
JUDGE_ENVIRONMENT |= {name: os.environ.get(name, "") for name in JUDGE_KEYS}
JUDGE_TIMEOUT_S = env.integer("AGENTEVALS_JUDGE_TIMEOUT_S", default=60, minimum=1)
JUDGE_CONCURRENCY = env.integer("AGENTEVALS_JUDGE_CONCURRENCY", default=8, minimum=1)
JUDGE_CACHE_AGE = timedelta(
    days=env.integer("AGENTEVALS_JUDGE_CACHE_DAYS", default=30, minimum=0)
)

# --- Databases ------------------------------------------------------------------------

# A heartbeat that waits is a heartbeat that fails: it gets a connection of its own, outside
# the pool, that gives up early.
HEARTBEAT_TIMEOUT_S = 5
# How long a busy pool is waited for; one that is cut off says so earlier.
POOL_TIMEOUT_S = 10
IDLE_IN_TRANSACTION_TIMEOUT_S = 10


def _postgres(*, options: dict[str, Any], session: str) -> dict[str, Any]:
    database = env.database("AGENTEVALS_DATABASE_URL")
    given = database.pop("OPTIONS", {})
    merged = {**given, **options}
    settings = [given.get("options"), options.get("options"), session]
    merged["options"] = " ".join(part for part in settings if part)
    return {
        **database,
        "ENGINE": "agentevals_site.postgres",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": merged,
    }


def _sqlite(*, timeout_s: int) -> dict[str, Any]:
    make_folder_of(SQLITE_PATH, "AGENTEVALS_SQLITE_PATH")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SQLITE_PATH,
        "OPTIONS": {
            # One writer at a time, and a writer that waits for its turn: DEFERRED
            # transactions that read and then write fail at once in spite of the timeout.
            "transaction_mode": "IMMEDIATE",
            "timeout": timeout_s,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                "PRAGMA foreign_keys=ON; PRAGMA journal_size_limit=67108864;"
            ),
        },
        "TEST": {"NAME": str(STATE_DIR / "test.sqlite3")},
    }


DATABASES: dict[str, dict[str, Any]] = {}
if STORAGE_BACKEND == "postgres":
    # A process that is frozen in the middle of a transaction holds its locks; PostgreSQL
    # ends it, so that a cancel or a sweep does not wait for a machine that sleeps.
    SESSION = (
        f"-c search_path={DATABASE_SCHEMA} "
        f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT_S}s"
    )
    POOL = {
        "min_size": max(2, MAX_CONCURRENT_RUNS),
        "max_size": 2 * MAX_CONCURRENT_RUNS + 4,
        # While it waits a worker's loop is deaf to deadlines and SIGTERM; the library's 30
        # seconds are the grace that most orchestrators give altogether.
        "timeout": POOL_TIMEOUT_S,
    }
    DATABASES = {
        "default": _postgres(options={"pool": POOL}, session=SESSION),
        "heartbeat": {
            **_postgres(
                options={
                    "connect_timeout": HEARTBEAT_TIMEOUT_S,
                    "options": f"-c statement_timeout={HEARTBEAT_TIMEOUT_S}s",
                    "tcp_user_timeout": HEARTBEAT_TIMEOUT_S * 1000,
                    "keepalives_idle": 10,
                    "keepalives_interval": 5,
                    "keepalives_count": 3,
                },
                session=SESSION,
            ),
            "TEST": {"MIRROR": "default"},
        },
    }
elif STORAGE_BACKEND == "sqlite":
    DATABASES = {
        "default": _sqlite(timeout_s=20),
        "heartbeat": {
            **_sqlite(timeout_s=HEARTBEAT_TIMEOUT_S),
            "TEST": {"MIRROR": "default"},
        },
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Applications ---------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "agentevals_site",
    "runs",
    "results",
]
MIDDLEWARE = [
    "agentevals_site.middleware.request_ids",
    "agentevals_site.threadless.Security",
    "agentevals_site.middleware.readable_pages",
    "agentevals_site.middleware.static_files",
    "agentevals_site.middleware.cors",
    "agentevals_site.threadless.Sessions",
    "agentevals_site.threadless.Common",
    "agentevals_site.threadless.Csrf",
    "agentevals_site.threadless.Authentication",
    "agentevals_site.threadless.Messages",
    "agentevals_site.threadless.FrameOptions",
]
ROOT_URLCONF = "agentevals_site.urls"
ASGI_APPLICATION = "agentevals_site.asgi.application"
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
# What tells the processes of each other's events; empty: the database does.
CHANNEL_LAYER_URL = env.redis("AGENTEVALS_CHANNEL_LAYER_URL")
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
if CHANNEL_LAYER_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [CHANNEL_LAYER_URL], "prefix": DATABASE_SCHEMA},
    }

# --- HTTP -----------------------------------------------------------------------------

# What one request body may hold; the contract's limit for JSON.
DATA_UPLOAD_MAX_MEMORY_SIZE = 50 * 1024 * 1024
# What one request of many files may hold altogether; a file has a limit of its own.
MAX_FORM_SIZE = (
    1024 * 1024 * env.integer("AGENTEVALS_MAX_UPLOAD_MB", default=256, minimum=1)
)
APPEND_SLASH = True
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": [
        "runs.api.json.VerbatimJSONRenderer",
        "runs.api.pages.PageRenderer",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "runs.api.negotiation.LenientNegotiation",
    "DEFAULT_PARSER_CLASSES": ["runs.api.json.BodyParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["runs.api.access.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["runs.api.access.TokenPermission"],
    "EXCEPTION_HANDLER": "agentevals_site.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "agentevals API",
    "VERSION": None,  # ours is the package's, which the generator knows
    "DESCRIPTION": "Scores the traces of AI agents against golden eval sets, as runs.",
    "OAS_VERSION": "3.1.1",
    "DEFAULT_GENERATOR_CLASS": "agentevals_site.openapi.generator.Generator",
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = False  # TLS ends at the proxy, which redirects
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W001",  # it knows SecurityMiddleware by name only, not a subclass
    "security.W002",  # it knows XFrameOptionsMiddleware by name only, not a subclass
    "security.W003",  # the same with CsrfViewMiddleware
    "security.W005",  # HSTS for subdomains: they are not ours to decide about
    "security.W008",  # redirecting to TLS is the proxy's work, see above
    "security.W021",  # HSTS preload: the same
]

# --- The rest -------------------------------------------------------------------------

STATIC_URL = "static/"
# Served straight from the packages, so that there is no collecting step to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
FORMAT_MODULE_PATH = "agentevals_site.formats"
LOG_LEVEL = env.text("AGENTEVALS_LOG_LEVEL", "INFO") or "INFO"
LOGGING_CONFIG = "agentevals_site.logs.configure"
LOGGING = {
    "level": LOG_LEVEL.upper(),
    "format": env.choice("AGENTEVALS_LOG_FORMAT", {"text", "json"}, default="text"),
}
