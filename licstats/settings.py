"""Settings, all from environment variables; the README lists them. A secret NAME may also come as NAME_FILE."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab

from licstats.environment import Environment, read_lent_settings, read_settings_file

env = Environment()

BASE_DIR = Path(__file__).resolve().parent.parent
IN_CHECKOUT = (BASE_DIR / "pyproject.toml").exists()
USER_DATA = Path(env.text("XDG_DATA_HOME", str(Path.home() / ".local" / "share"))) / "licstats"
LICSTATS_DATA = (
    Path(env.text("LICSTATS_DATA", str(BASE_DIR / "var" if IN_CHECKOUT else USER_DATA))).expanduser().absolute()
)
read_lent_settings(LICSTATS_DATA / "demo.env")  # of a demo that runs now
read_settings_file(LICSTATS_DATA / "settings.env")

DATABASE_URL = env.text("DATABASE_URL")
REDIS_URL = env.broker("REDIS_URL")
EMBEDDED = not (DATABASE_URL and REDIS_URL)

if EMBEDDED:
    from licstats.embedded.layout import Layout
    from licstats.embedded.secrets import secret_key

    layout = Layout(LICSTATS_DATA)

DEBUG = env.flag("LICSTATS_DEBUG")
SECRET_KEY = env.text("LICSTATS_SECRET_KEY") or (secret_key(LICSTATS_DATA) if EMBEDDED else "")
ALLOWED_HOSTS = env.names("LICSTATS_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.names("LICSTATS_TRUSTED_ORIGINS", [])

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
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "licstats.middleware.BrowserPermissions",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "licstats.middleware.SameLogin",
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

DATABASES = {
    "default": env.database("DATABASE_URL")
    or {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "licstats",
        "USER": "licstats",
        "HOST": str(layout.sockets),
    }
}
CACHES = {  # in each process: what is kept is right as long as nothing was read, and soon made again
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10_000}}
}
DATABASES["default"]["CONN_MAX_AGE"] = env.number("LICSTATS_CONN_MAX_AGE", 60)  # seconds
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("prepare_threshold", 3)  # for licstats.planned
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "groups_app.logins.LoginBackend",
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
AXES_LOCKOUT_CALLABLE = "licstats.signin.locked"
AXES_CLIENT_IP_CALLABLE = "licstats.signin.address_of"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page says until when; that must hold
AXES_VERBOSE = False

# Transport and headers. LICSTATS_HTTPS=1 where the pages are reached by https (a proxy in front, or not).
HTTPS = env.flag("LICSTATS_HTTPS")
LICSTATS_PROXY = env.flag("LICSTATS_PROXY")  # its X-Forwarded-For is believed
SESSION_ENGINE = "groups_app.login_sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "sessions_app.views.closing.csrf_failure"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]  # asked by machines on the inside
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.zone("LICSTATS_TIME_ZONE", "UTC")

# In a checkout the pages take static files from where they lie. An installation sets LICSTATS_STATIC_ROOT and runs
# `licstats collectstatic`: names then carry a digest of the content, and browsers keep them for good.
STATIC_URL = "static/"
STATIC_ROOT = env.text("LICSTATS_STATIC_ROOT") or None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_ROOT
        else "licstats.staticfiles.VersionedStaticFiles"
    },
}
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "licstats.staticfiles.PlotlyFinder",
]
WHITENOISE_MAX_AGE = 0 if DEBUG else 24 * 3600  # of files whose names carry no digest

LICSTATS_REDIS_URL = REDIS_URL or layout.redis_url  # as redis-py writes it
CELERY_BROKER_URL = LICSTATS_REDIS_URL.replace("unix://", "redis+socket://", 1)  # as Celery writes it
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker may be away for as long as it likes
CELERY_BROKER_TRANSPORT_OPTIONS = {"retry_on_timeout": True, "health_check_interval": 30}
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_MAX_LOOP_INTERVAL = 1  # seconds: a dispatcher that is to run every two cannot wait for five
CELERY_BEAT_SCHEDULE = {
    "dispatch due polls": {
        "task": "sessions_app.tasks.dispatch_due_polls",
        "schedule": 2.0,
        "options": {"expires": 4.0},
    },
    "sweep close requests": {
        "task": "sessions_app.tasks.sweep_close_requests",
        "schedule": 5.0,
        "options": {"expires": 10.0},
    },
    "roll up usage": {"task": "sessions_app.tasks.roll_up_usage", "schedule": crontab(minute="*/10")},
    "maintain partitions": {"task": "sessions_app.tasks.maintain_partitions", "schedule": crontab(minute=20)},
    "clear login sessions": {"task": "sessions_app.tasks.clear_login_sessions", "schedule": crontab(minute=40, hour=3)},
}

# The vendors' tools: paths of programs on this machine, never from a page or the database.
LICSTATS_TOOLS = {
    "lmutil": env.text("LICSTATS_LMUTIL", "lmutil"),
    "lmxendutil": env.text("LICSTATS_LMXENDUTIL", "lmxendutil"),
}
LICSTATS_LMX_REMOVE = env.text("LICSTATS_LMX_REMOVE")
LICSTATS_LMX_PASSWORD = env.text("LICSTATS_LMX_PASSWORD")
LICSTATS_LMX_PASSWORD_VARIABLE = env.text("LICSTATS_LMX_PASSWORD_VARIABLE", "LMX_ADMIN_PASSWORD")  # the tool's own
LICSTATS_OUTPUT_LIMIT = env.number("LICSTATS_OUTPUT_LIMIT", 64 * 1024 * 1024, lowest=65536)  # bytes of an answer
LICSTATS_RETENTION_MONTHS = env.number("LICSTATS_RETENTION_MONTHS", 36, highest=1200)  # 0 keeps all
LICSTATS_BIND = env.text("LICSTATS_BIND", "127.0.0.1")
LICSTATS_PORT = env.number("LICSTATS_PORT", 8000, lowest=1, highest=65535)
LICSTATS_WEB_WORKERS = env.number("LICSTATS_WEB_WORKERS", 2, lowest=1, highest=64)
LICSTATS_POLLS_AT_ONCE = env.number("LICSTATS_POLLS_AT_ONCE", 32, lowest=1, highest=1000)
LICSTATS_DEMO_PASSWORD = env.text("LICSTATS_DEMO_PASSWORD")
LICSTATS_NAME = env.text("LICSTATS_NAME", "licstats")  # the installation's name in the top bar
LICSTATS_METRICS_TOKEN = env.text("LICSTATS_METRICS_TOKEN")  # empty: /metrics answers this machine only
LICSTATS_DRY_RUN = env.flag("LICSTATS_DRY_RUN")
LICSTATS_CLOSE_REASON_REQUIRED = env.flag("LICSTATS_CLOSE_REASON_REQUIRED")
LICSTATS_CLOSE_WAIT = env.number("LICSTATS_CLOSE_WAIT", 120, lowest=10, highest=86_400)  # seconds until it is taken
LICSTATS_CLOSE_PROOF = env.number("LICSTATS_CLOSE_PROOF", 30, lowest=1, highest=86_400)  # seconds until it is gone

LOGGING_CONFIG = "licstats.logs.configure"
LOGGING = {"format": env.choice("LICSTATS_LOG", ("auto", "json", "console")), "level": "INFO"}
