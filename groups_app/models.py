"""What is combined, and who sees it."""

from __future__ import annotations

from django.db import models

from licstats.models import LicenseServer, plain_name


class LicenseServerGroup(models.Model):
    """License servers reported as if they were one."""

    name = models.CharField(max_length=100, unique=True, validators=[plain_name])
    description = models.CharField(max_length=500, blank=True)
    servers = models.ManyToManyField(LicenseServer, related_name="groups", blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "license server group"

    def __str__(self) -> str:
        return self.name
