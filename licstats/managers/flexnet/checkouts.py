"""The fast way through a report: a feature's text in the usual shape, read as a whole.

A piece is taken only if its lines are as many as the checkouts found in it. Anything else is left to the careful
reader, so that nothing can be passed over here.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    heading.lines = 1 + text.count("\n", 0, found.end())
    old = iter(last.blocks if last else ())
    try:
        for block, start, end in _blocks(text, found.end(), heading):
            if not _read_checkouts(block, text, start, end, calendar, next(old, None)):
                return None
            heading.blocks.append(block)
            heading.lines += max(0, len(block.sessions) - 1)
    except Careful:
        return None
    return heading


def _blocks(text: str, start: int, heading: Heading) -> Iterator[tuple[Block, int, int]]:
    """Each block with the span of its checkouts; Careful where it begins in an unusual way.

    Counts the lines before and between the checkouts for `heading`.
    """
    block = Block()
    while start >= 0:
        following = text.find(BLOCK_START, start)
        first, end = start, len(text) if following < 0 else following
        while first < end and text[first] == "\n":
            first += 1
        while first < end and text[end - 1] == "\n":
            end -= 1
        heading.lines += first - start + (len(text) if following < 0 else following) - end
        if block.version or first < end:
            yield block, first, end
        start = following
        if following >= 0:
            found = USUAL_BLOCK.match(text, following + len(BLOCK_START))
            expiry = found and read_expiry((found[3] or "permanent").strip())
            if not found or not expiry:
                raise Careful(BLOCK_START)
            kind = FeatureType.FLOATING if found[4] else FeatureType.NODE_LOCKED
            block = Block(found[1], found[2], kind, expiry if found[3] else Expiry())
            start = found.end()
            heading.lines += text.count("\n", following, start)


def _read_checkouts(block: Block, text: str, start: int, end: int, calendar: Calendar, last: Block | None) -> bool:
    """Fills the block's sessions from its part of `text`; False where that holds anything but checkouts."""
    if start == end:
        return True
    block.source = text, start, end
    if last and last.sessions:
        block.sessions = _read_changes(block.body, calendar, last)
    else:
        block.sessions = _read_lines(text, start, end, calendar)
    return len(block.sessions) == text.count("\n", start, end) + 1


def _read_changes(body: str, calendar: Calendar, last: Block) -> list[SessionReading]:
    """The sessions of `body`, of which only the lines are read that were not there the last time."""
    if body == last.body:
        return list(last.sessions)
    lines = body.split("\n")
    known = dict(zip(last.body.split("\n"), last.sessions, strict=True))
    sessions = list(map(known.get, lines))
    new = [at for at, session in enumerate(sessions) if session is None]
    if 2 * len(new) > len(lines):
        return _read_lines(body, 0, len(body), calendar)
    changed = "\n".join([lines[at] for at in new])
    read = _read_lines(changed, 0, len(changed), calendar)
    if len(read) != len(new):
        return []
    for at, session in zip(new, read, strict=True):
        sessions[at] = session
    return sessions  # type: ignore[return-value]  # every None was filled


def _read_lines(text: str, start: int, end: int, calendar: Calendar) -> list[SessionReading]:
    """A session for each line that is a checkout in the usual shape; Careful where a date is not plain."""
    columns = zip(*USUAL_CHECKOUT.findall(text, start, end), strict=True)
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
