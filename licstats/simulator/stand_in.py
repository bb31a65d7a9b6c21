"""The program behind `lmutil` and `lmxendutil`: hands its command line to the simulator and prints the answer.

It is run by its path with `python -I -S`, so it knows nothing of licstats: TOOL SOCKET ARGUMENT...
The request is fields, each ended by NUL: "run", tool, number of arguments, arguments, NAME=VALUE of the environment.
The answer is a line with the exit status, then the text.
"""

from __future__ import annotations

import _socket  # importing socket takes longer than all else here, and a fleet is asked many times a second
import os
import sys

VARIABLES = (b"LM_LICENSE_FILE", b"LMX_ADMIN_PASSWORD")
CHUNK = 1 << 16
NO_ANSWER = 241  # nothing listens


def main() -> int:
    tool, path, *arguments = (os.fsencode(argument) for argument in sys.argv[1:])
    environment = [name + b"=" + os.environb[name] for name in VARIABLES if name in os.environb]
    fields = [b"run", tool, b"%d" % len(arguments), *arguments, *environment]
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(path)
        connection.sendall(b"".join(field + b"\0" for field in fields))
        connection.shutdown(_socket.SHUT_WR)
        return relay(connection)
    except BrokenPipeError:
        return NO_ANSWER
    except OSError as error:
        write(1, b'Cannot connect to license server system. (-15,570:111 "Connection refused")\n')
        write(2, b"No simulator answers at %s: %s\n" % (path, os.fsencode(str(error))))
        return NO_ANSWER


def relay(connection: _socket.socket) -> int:
    """Print what comes, and give back the exit status that came before it."""
    head = b""
    while b"\n" not in head:
        chunk = connection.recv(CHUNK)
        if not chunk:
            return NO_ANSWER
        head += chunk
    status, _, text = head.partition(b"\n")
    write(1, text)
    while text := connection.recv(CHUNK):
        write(1, text)
    return int(status)


def write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    sys.exit(main())
