from __future__ import annotations

from django.urls import path

from groups_app.views import groups, visibility

urlpatterns = [
    path("groups/", groups.groups, name="groups"),
    path("groups/<int:pk>/", groups.group, name="group"),
    path("groups/feature/", groups.merged_feature, name="merged-feature"),
    path("visibility/", visibility.visibility, name="visibility"),
]
