"""The secret key of an embedded installation: made once, kept in its data folder for its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from licstats.processes.errors import StartError


def secret_key(data: Path) -> str:
    """The key in `data`/secret_key; made where there is none, by whoever comes first. StartError: it cannot be."""
    try:
        return _kept(data, data / "secret_key")
    except OSError as error:
        raise StartError(
            f"The data folder {data} cannot be used ({error.strerror}). Set LICSTATS_DATA to a folder of yours."
        ) from error


def _kept(data: Path, path: Path) -> str:
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = data / f".secret_key.{os.getpid()}"
        draft.write_text(secrets.token_urlsafe(50))
        draft.chmod(0o600)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process made it first: its key is the key
        finally:
            draft.unlink()
    return path.read_text().strip()
