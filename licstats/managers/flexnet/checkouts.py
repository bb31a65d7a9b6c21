"""The fast way through a report: a feature's text in the usual shape, read as a whole.

A piece is taken only if its lines are as many as the checkouts found in it. Anything else is left to the careful
reader, so that nothing can be passed over here.
"""

from __future__ import annotations

from functools import partial
from itertools import repeat
from operator import add

from licstats.managers.dates import Calendar, Careful, Expiry, read_expiry
from licstats.managers.flexnet.identity import ACTIVATED
from licstats.managers.flexnet.parts import Block, Heading
from licstats.managers.flexnet.patterns import BLOCK_START, USUAL_BLOCK, USUAL_CHECKOUT, USUAL_HEADING
from licstats.managers.reading import FeatureType, SessionReading

_new_session = partial(tuple.__new__, SessionReading)


class _Counts(dict[str, int]):
    """`16` to 16; a checkout line without a count is for one license."""

    def __missing__(self, text: str) -> int:
        self[text] = count = int(text)
        return count


_ACTIVATED = ACTIVATED.split()[0]
_counts = _Counts({"": 1})


def read_usual(text: str, vendor: str, line: int, calendar: Calendar, last: Heading | None) -> Heading | None:
    """The heading that `text`, without its `Users of`, is; None: not the usual shape.

    `last` is what stood in its place in the reading before: equal lines give the same session objects.
    """
    found = USUAL_HEADING.match(text)
    if not found:
        return None
    name, total, in_use = found.groups()
    heading = Heading(name.strip(), vendor, line, "Users of " + found[0], int(total), int(in_use))
    first, *rest = text[found.end() :].split(BLOCK_START)
    lines = 1  # of the heading; each piece adds its own
    pieces = [(Block(), first)] if first.strip("\n") else []
    if not pieces:
        lines += len(first)
    for piece in rest:
        start = USUAL_BLOCK.match(piece)
        expiry = start and read_expiry((start[3] or "permanent").strip())
        if not start or not expiry:
            return None
        kind = FeatureType.FLOATING if start[4] else FeatureType.NODE_LOCKED
        block = Block(start[1], start[2], kind, expiry if start[3] else Expiry())
        pieces.append((block, piece[start.end() :]))
        lines += piece.count("\n", 0, start.end()) + 1
    old = iter(last.blocks if last else ())
    try:
        for block, piece in pieces:
            body = piece.strip("\n")
            if not _read_checkouts(block, body, calendar, next(old, None)):
                return None
            heading.blocks.append(block)
            lines += len(piece) - len(body) + max(0, len(block.sessions) - 1)
    except Careful:
        return None
    heading.lines = lines
    return heading


def _read_checkouts(block: Block, body: str, calendar: Calendar, last: Block | None) -> bool:
    """Fills the block's sessions from `body`; False where it holds anything but checkouts."""
    if not body:
        return True
    block.body = body
    if last and last.body:
        block.sessions = _read_changes(body, calendar, last)
    else:
        block.sessions = _read_lines(body, calendar)
    return len(block.sessions) == body.count("\n") + 1


def _read_changes(body: str, calendar: Calendar, last: Block) -> list[SessionReading]:
    """The sessions of `body`, of which only the lines are read that were not there the last time."""
    if body == last.body:
        return list(last.sessions)
    lines = body.split("\n")
    known = dict(zip(last.body.split("\n"), last.sessions, strict=True))
    sessions = list(map(known.get, lines))
    new = [at for at, session in enumerate(sessions) if session is None]
    if 2 * len(new) > len(lines):
        return _read_lines(body, calendar)
    read = _read_lines("\n".join([lines[at] for at in new]), calendar) if new else []
    if len(read) != len(new):
        return []
    for at, session in zip(new, read, strict=True):
        sessions[at] = session
    return sessions  # type: ignore[return-value]  # every None was filled


def _read_lines(body: str, calendar: Calendar) -> list[SessionReading]:
    """A session for each line that is a checkout in the usual shape; Careful where a date is not plain."""
    columns = zip(*USUAL_CHECKOUT.findall(body), strict=True)
    try:
        raws, users, hosts, displays, versions, server_hosts, ports, handles, days, clocks, counts = columns
    except ValueError:
        return []
    if _ACTIVATED in users:
        raise Careful(_ACTIVATED)  # two words that are one user
    starts = map(add, map(calendar.days.__getitem__, days), map(calendar.clocks.__getitem__, clocks))
    used = map(_counts.__getitem__, counts)
    none = repeat(None)
    return list(
        map(
            _new_session,
            zip(
                users,
                hosts,
                repeat(""),
                displays,
                versions,
                server_hosts,
                ports,
                handles,
                used,
                starts,
                none,
                none,
                raws,
            ),
        )
    )
