from __future__ import annotations

from django.urls import path, re_path

from sessions_app.views import closing, dashboard, health, history, pick, preferences, search, servers, sessions, usage

FILE = r"\.(?P<extension>csv|xlsx|json|pdf)$"

urlpatterns = [
    path("features/realtime/sessions/", sessions.RealtimeSessions.as_view(), name="realtime-sessions"),
    re_path("^features/realtime/sessions" + FILE, sessions.RealtimeSessions.as_view(), name="realtime-sessions-export"),
    path("", dashboard.dashboard, name="dashboard"),
    path("dashboard/pin/", dashboard.pin, name="dashboard-pin"),
    path("dashboard/<int:pk>/", dashboard.change_pane, name="dashboard-pane"),
    path("features/realtime/usage/", usage.RealtimeUsage.as_view(), name="realtime-usage"),
    re_path("^features/realtime/usage" + FILE, usage.RealtimeUsage.as_view(), name="realtime-usage-export"),
    path("features/history/sessions/", history.HistorySessions.as_view(), name="history-sessions"),
    re_path("^features/history/sessions" + FILE, history.HistorySessions.as_view(), name="history-sessions-export"),
    path("features/history/usage/", history.HistoryUsage.as_view(), name="history-usage"),
    re_path("^features/history/usage" + FILE, history.HistoryUsage.as_view(), name="history-usage-export"),
    path("users/realtime/sessions/", sessions.UserSessions.as_view(), name="user-sessions"),
    re_path("^users/realtime/sessions" + FILE, sessions.UserSessions.as_view(), name="user-sessions-export"),
    path("pick/<slug:what>/", pick.pick, name="pick"),
    path("grids/<slug:name>/preferences/", preferences.grid_preferences, name="grid-preferences"),
    path("servers/", servers.servers, name="servers"),
    path("servers/<int:pk>/", servers.server, name="servers-one"),
    path("servers/<int:pk>/query-now/", servers.ask_now, name="servers-ask-now"),
    path("closed-sessions/", closing.ClosedSessions.as_view(), name="closed-sessions"),
    re_path("^closed-sessions" + FILE, closing.ClosedSessions.as_view(), name="closed-sessions-export"),
    path("close/", closing.close_sessions, name="close-sessions"),
    path("close/preview/", closing.close_preview, name="close-preview"),
    path("close/progress/", closing.close_progress, name="close-progress"),
    path("search/", search.search, name="search"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics_view, name="metrics"),
]
