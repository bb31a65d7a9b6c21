"""Folders of Unix sockets. The system takes paths of 107 bytes: those of a deep folder lie in a short one elsewhere."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Container
from pathlib import Path

from licstats.processes.errors import StartError

LONGEST_PATH = 100  # bytes


def socket_folder(folder: Path, socket: str, short_name: str) -> Path:
    """`folder`, or one in the temporary folder where the path of `socket` would be too long."""
    if len(os.fsencode(folder / socket)) <= LONGEST_PATH:
        return folder
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"{short_name}-{os.getuid()}-{digest}"


def make_private(folder: Path, owners: Container[int]) -> None:
    """Makes a folder for its owner only, where others may write and can guess its name; StartError if they did."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or stat.S_IMODE(found.st_mode) & 0o077:
        raise StartError(
            f"{folder} is not a folder that only we can enter, so no sockets are put there. Look who made it "
            f"(ls -ld {folder}) and remove it, or choose a shorter path for the data folder (LICSTATS_DATA)."
        )
