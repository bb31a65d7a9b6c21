"""Administration of groups, roles and logins, and of license servers as far as a role may see them."""

from __future__ import annotations

from groups_app.admin.groups import HostGroupAdmin, LicenseServerGroupAdmin, UserGroupAdmin
from groups_app.admin.logins import LoginAdmin
from groups_app.admin.roles import RoleAdmin
from groups_app.admin.servers import PermittedFeatureAdmin, PermittedPoolAdmin, PermittedServerAdmin

__all__ = [
    "HostGroupAdmin",
    "LicenseServerGroupAdmin",
    "LoginAdmin",
    "PermittedFeatureAdmin",
    "PermittedPoolAdmin",
    "PermittedServerAdmin",
    "RoleAdmin",
    "UserGroupAdmin",
]
