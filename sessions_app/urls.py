from __future__ import annotations

from django.urls import path, re_path

from sessions_app.views import closing, health, preferences, search, servers, sessions

FILE = r"\.(?P<extension>csv|xlsx|json|pdf)$"

urlpatterns = [
    path("features/realtime/sessions/", sessions.RealtimeSessions.as_view(), name="realtime-sessions"),
    re_path(
        "^features/realtime/sessions" + FILE, sessions.RealtimeSessions.as_view(), name="realtime-sessions-export"
    ),
    path("grids/<slug:name>/preferences/", preferences.grid_preferences, name="grid-preferences"),
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
