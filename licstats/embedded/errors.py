from __future__ import annotations


class EmbeddedError(RuntimeError):
    """An embedded service cannot be started or stopped; the message says what happened and what to do."""
