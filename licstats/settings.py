"""Settings, all from environment variables; the README lists them. A secret NAME may also come as NAME_FILE."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from environ import FileAwareEnv

env = FileAwareEnv()

BASE_DIR = Path(__file__).resolve().parent.parent
IN_CHECKOUT = (BASE_DIR / "pyproject.toml").exists()
USER_DATA = Path(env("XDG_DATA_HOME", default=str(Path.home() / ".local" / "share"))) / "licstats"
LICSTATS_DATA = Path(env("LICSTATS_DATA", default=str(BASE_DIR / "var" if IN_CHECKOUT else USER_DATA))).resolve()

DATABASE_URL: str = env("DATABASE_URL", default="")
REDIS_URL: str = env("REDIS_URL", default="")
EMBEDDED = not (DATABASE_URL and REDIS_URL)

if EMBEDDED:
    from licstats.embedded.layout import Layout
    from licstats.embedded.secrets import secret_key

    layout = Layout(LICSTATS_DATA)

DEBUG: bool = env.bool("LICSTATS_DEBUG", default=False)
SECRET_KEY: str = env("LICSTATS_SECRET_KEY", default="") or (secret_key(LICSTATS_DATA) if EMBEDDED else "")
ALLOWED_HOSTS: list[str] = env.list("LICSTATS_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("LICSTATS_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "licstats.apps.LicstatsConfig",
    "groups_app.apps.GroupsConfig",
    "sessions_app.apps.SessionsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_filters",
    "django_htmx",
    "django_include_bootstrap",
    "django_tables2",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "licstats.middleware.BrowserPermissions",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "licstats.middleware.ViewerZone",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "licstats.urls"
WSGI_APPLICATION = "licstats.wsgi.application"
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
                "licstats.context.frame",
            ],
        },
    }
]

if DATABASE_URL:
    DATABASES = {"default": env.db_url("DATABASE_URL")}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "licstats",
            "USER": "licstats",
            "HOST": str(layout.sockets),
        }
    }
DATABASES["default"]["CONN_MAX_AGE"] = env.int("LICSTATS_CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_VERBOSE = False

# Transport and headers. LICSTATS_HTTPS=1 where the pages are reached by https (a proxy in front, or not).
HTTPS: bool = env.bool("LICSTATS_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, UNSAFE_INLINE],  # plotly.js sets the style of its labels on the elements
        "img-src": [SELF, "data:", "blob:"],  # a graph is saved as a picture by way of a blob
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE: str = env("LICSTATS_TIME_ZONE", default="UTC")

STATIC_URL = "static/"
STATIC_ROOT = LICSTATS_DATA / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "licstats.staticfiles.VersionedStaticFiles"},
}
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "licstats.staticfiles.PlotlyFinder",
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0 if DEBUG else 7 * 24 * 3600  # addresses change with the content

CELERY_BROKER_URL = REDIS_URL or layout.broker_url
LICSTATS_REDIS_URL = REDIS_URL or layout.redis_url  # the same broker, as redis-py writes it
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "maintenance"

# The vendors' tools: paths of programs on this machine, never from a page or the database.
LICSTATS_TOOLS = {
    "lmutil": env("LICSTATS_LMUTIL", default="lmutil"),
    "lmxendutil": env("LICSTATS_LMXENDUTIL", default="lmxendutil"),
    "rlmutil": env("LICSTATS_RLMUTIL", default="rlmutil"),
}
LICSTATS_LMX_REMOVE: str = env("LICSTATS_LMX_REMOVE", default="")
LICSTATS_LMX_PASSWORD: str = env("LICSTATS_LMX_PASSWORD", default="")
LICSTATS_OUTPUT_LIMIT: int = env.int("LICSTATS_OUTPUT_LIMIT", default=64 * 1024 * 1024)  # bytes of one tool's answer
LICSTATS_RETENTION_MONTHS: int = env.int("LICSTATS_RETENTION_MONTHS", default=36)
LICSTATS_PORT: int = env.int("LICSTATS_PORT", default=8000)
LICSTATS_NAME: str = env("LICSTATS_NAME", default="licstats")  # the installation's name in the top bar
LICSTATS_DRY_RUN: bool = env.bool("LICSTATS_DRY_RUN", default=False)
LICSTATS_CLOSE_REASON_REQUIRED: bool = env.bool("LICSTATS_CLOSE_REASON_REQUIRED", default=False)
