from __future__ import annotations


class StartError(RuntimeError):
    """A program cannot be started; the message says what happened and what to do."""
