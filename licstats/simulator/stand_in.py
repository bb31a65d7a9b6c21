"""The program behind `lmutil` and `lmxendutil`: hands its command line to the simulator and prints the answer.

It is run by its path with `python -I -S`, so it knows nothing of licstats: TOOL SOCKET ARGUMENT...
The request is fields, each ended by NUL: "run", tool, number of arguments, arguments, NAME=VALUE of the environment.
The answer is a line with the exit status, then the text.
"""

from __future__ import annotations

import os
import socket
import sys

VARIABLES = (b"LM_LICENSE_FILE", b"LMX_ADMIN_PASSWORD")
NO_ANSWER = 241  # nothing listens


def main() -> int:
    tool, path, *arguments = (os.fsencode(argument) for argument in sys.argv[1:])
    path = os.environb.get(b"LICSTATS_SIMULATOR", path)
    environment = [name + b"=" + os.environb[name] for name in VARIABLES if name in os.environb]
    fields = [b"run", tool, b"%d" % len(arguments), *arguments, *environment]
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
            connection.sendall(b"".join(field + b"\0" for field in fields))
            connection.shutdown(socket.SHUT_WR)
            return relay(connection)
        except OSError as error:
            sys.stdout.write('Cannot connect to license server system. (-15,570:111 "Connection refused")\n')
            sys.stderr.write(f"No simulator answers at {os.fsdecode(path)}: {error}\n")
            return NO_ANSWER


def relay(connection: socket.socket) -> int:
    """Print what comes, and the status that came before it."""
    answer = connection.makefile("rb")
    status = answer.readline()
    while chunk := answer.read1(1 << 16):
        sys.stdout.buffer.write(chunk)
    sys.stdout.flush()
    return int(status or NO_ANSWER)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        os._exit(1)
