"""The process that keeps a world and answers the stand-ins and the controls over a Unix socket."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from licstats.simulator import lmutil, lmxendutil
from licstats.simulator.answers import Answer
from licstats.simulator.controls import Controls
from licstats.simulator.world import World

TOOLS = {"lmutil": lmutil.run, "lmxendutil": lmxendutil.run}
MEGABYTE = b"    nobody nowhere :0 (v1.0) (nil/0 0), start Mon 1/1 0:00\n" * (1_048_576 // 59)


class Clock:
    """Simulated time: the real one at the start, from then on `speed` times as fast."""

    def __init__(self, world: World, speed: float) -> None:
        self.world = world
        self.speed = speed
        self._simulated, self._real = world.now, time.monotonic()

    def catch_up(self) -> None:
        self.world.advance(self._simulated + (time.monotonic() - self._real) * self.speed)

    def jump(self, seconds: float) -> None:
        self._simulated += seconds
        self.catch_up()


class Daemon:
    """Serves one world at one socket until it is told to stop."""

    def __init__(self, world: World, path: Path, speed: float = 1.0, parent: int | None = None) -> None:
        self.world = world
        self.path = path
        self.clock = Clock(world, speed)
        self.parent = parent
        self.controls = Controls(world, self.clock.jump)
        self._stopped = asyncio.Event()

    async def serve(self, ready: Callable[[], None]) -> None:
        """Until SIGTERM, SIGINT, the control "stop", or the end of the parent."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopped.set)
        self.path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._connected, self.path, backlog=2048)
        os.chmod(self.path, 0o600)
        beat = loop.create_task(self._keep_time())
        ready()
        await self._stopped.wait()
        beat.cancel()
        server.close()
        self.path.unlink(missing_ok=True)

    async def _keep_time(self) -> None:
        """Keeps what happens in small steps, so that no answer waits for a long time to be caught up with."""
        while True:
            await asyncio.sleep(1)
            self.clock.catch_up()
            if self.parent is not None and os.getppid() != self.parent:
                self._stopped.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            request = await reader.read()
            self.clock.catch_up()
            if request.startswith(b"run\0"):
                await self._reply(writer, self.answer(request))
            else:
                writer.write(json.dumps(self._control(request)).encode())
                await writer.drain()
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    def answer(self, request: bytes) -> Answer:
        """What the stand-in that sent `request` is to print."""
        _, tool, number, *rest = request.decode(errors="surrogateescape").split("\0")[:-1]
        arguments, environment = rest[: int(number)], rest[int(number) :]
        return TOOLS[tool](self.world, arguments, dict(entry.split("=", 1) for entry in environment))

    def _control(self, request: bytes) -> dict[str, Any]:
        try:
            command = json.loads(request)
            if command["do"] == "stop":
                self._stopped.set()
                return {"result": None}
            return {"result": self.controls.run(command["do"], command.get("with", {}))}
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            return {"error": f"{type(error).__name__}: {error}"}

    async def _reply(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        if answer.hangs:
            await self._stopped.wait()
            return
        await asyncio.sleep(answer.delay)
        writer.write(b"%d\n" % answer.status)
        writer.write(answer.data)
        await writer.drain()
        for _ in range(answer.huge):
            writer.write(MEGABYTE)
            await writer.drain()
