"""The program behind the stand-ins that print recorded outputs: TOOL FOLDER ARGUMENT...

It is run by its path with `python -I -S`, so it knows nothing of licstats. `NAME.txt` answers 27000@NAME, `NAME.i.txt`
its `lmstat -i`; the exit status is in `NAME.status`, else the error number in the text tells it.
"""

from __future__ import annotations

import os
import re
import sys

ERROR_NUMBER = re.compile(rb"^Error getting status:.*\(-(\d+),", re.MULTILINE)
REFUSED = b'Error getting status: Cannot connect to license server system. (-15,570:111 "Connection refused")\n'


def main() -> int:
    _, folder, *arguments = sys.argv[1:]
    name = asked_of(arguments)
    suffix = ".i" if "-i" in arguments and "-a" not in arguments else ""
    text = content(folder, f"{name}{suffix}.txt")
    if text is None:
        text = REFUSED
    sys.stdout.buffer.write(text)
    sys.stdout.flush()
    status = content(folder, f"{name}{suffix}.status")
    if status is not None:
        return int(status)
    error = ERROR_NUMBER.search(text)
    return 256 - int(error[1]) if error else 0


def asked_of(arguments: list[str]) -> str:
    """The host of -c PORT@HOST, or of -host HOST; never a path."""
    for option in ("-c", "-host"):
        if option in arguments[:-1]:
            value = arguments[arguments.index(option) + 1]
            return os.path.basename(value.rpartition("@")[2])
    return ""


def content(folder: str, name: str) -> bytes | None:
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(main())
