from __future__ import annotations

from groups_app.models.access import ForbiddenServer, HiddenFeature, HiddenServer, VisibilityDefault
from groups_app.models.groups import HostGroup, LicenseServerGroup, NameGroup, UserGroup
from groups_app.models.logins import LoginSession
from groups_app.models.merged import MergedFeature

__all__ = [
    "ForbiddenServer",
    "HiddenFeature",
    "HiddenServer",
    "HostGroup",
    "LicenseServerGroup",
    "LoginSession",
    "MergedFeature",
    "NameGroup",
    "UserGroup",
    "VisibilityDefault",
]
