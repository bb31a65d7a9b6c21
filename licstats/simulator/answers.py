"""What a stand-in is to print, and how it is to end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` after `delay` seconds, then the exit status; `hangs`: never an end."""

    text: str | bytes = ""
    status: int = 0
    delay: float = 0.0
    hangs: bool = False
    huge: int = 0  # megabytes of more text

    @property
    def data(self) -> bytes:
        return self.text.encode(errors="surrogateescape") if isinstance(self.text, str) else self.text
