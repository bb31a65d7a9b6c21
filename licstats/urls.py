"""Which app answers which address."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from licstats import signin

urlpatterns = [
    path("", include("sessions_app.urls")),
    path("", include("groups_app.urls")),
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("password/changed/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("admin/login/", signin.administration),
    path("admin/", admin.site.urls),
]
