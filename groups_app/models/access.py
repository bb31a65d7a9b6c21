"""Who sees what. Visibility is a login's own choice; forbidden is what a role may not see at all."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from licstats.models import LicenseServer


class HiddenServer(models.Model):
    """A license server that a login does not want to see outside of group reports."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hidden_servers")
    server = models.ForeignKey(LicenseServer, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "server"], name="server_hidden_once")]

    def __str__(self) -> str:
        return f"{self.server} hidden from {self.user}"


class HiddenFeature(models.Model):
    """A feature, in all its versions and types, that a login does not want to see on one license server.

    By name, so that it stays hidden when its license server reports a new version, or does not report it yet.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hidden_features")
    server = models.ForeignKey(LicenseServer, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "server", "name"], name="feature_hidden_once")]

    def __str__(self) -> str:
        return f"{self.server}/{self.name} hidden from {self.user}"


class VisibilityDefault(models.Model):
    """What happens to license servers that are added later: without a row for a login, it sees them."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="visibility_default",
    )
    hide_new_servers = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"new license servers are {'hidden from' if self.hide_new_servers else 'visible to'} {self.user}"


class ForbiddenServer(models.Model):
    """A license server that a role may not see, in no report and in no group. Logins cannot change it."""

    role = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="forbidden_servers")
    server = models.ForeignKey(LicenseServer, on_delete=models.CASCADE, related_name="+", verbose_name="license server")

    class Meta:
        ordering = ["role__name", "server__name"]
        verbose_name = "forbidden license server"
        constraints = [models.UniqueConstraint(fields=["role", "server"], name="server_forbidden_once")]

    def __str__(self) -> str:
        return f"{self.server} forbidden to {self.role}"
