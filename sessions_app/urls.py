from __future__ import annotations

from django.urls import path

from sessions_app.views import closing, health, search, servers

urlpatterns = [
    path("servers/", servers.servers, name="servers"),
    path("servers/<int:pk>/", servers.server, name="server"),
    path("servers/<int:pk>/query-now/", servers.ask_now, name="server-ask-now"),
    path("close/", closing.close_sessions, name="close-sessions"),
    path("close/preview/", closing.close_preview, name="close-preview"),
    path("close/progress/", closing.close_progress, name="close-progress"),
    path("search/", search.search, name="search"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics_view, name="metrics"),
]
