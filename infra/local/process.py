"""One server as a process of this machine: started, found again by its number, stopped, killed."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 90  # of a JVM on a machine that has other work too
STOP_SECONDS = 30


class StartError(Exception):
    """A server did not start; its log says why."""


@dataclass
class LocalProcess:
    """A process with a log `<folder>/<name>.log` and a number `<folder>/<name>.pid`.

    `command` must hold a path below `folder`: the process is known by it. `ready_line` is what it logs when it answers.
    """

    folder: Path
    name: str
    command: Sequence[str]
    ready_line: str
    environment: Mapping[str, str] = field(default_factory=dict)
    _child: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The process that was started in this folder and is alive."""
        try:
            pid = int((self.folder / f"{self.name}.pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return pid if str(self.folder).encode() in command else None  # a number may be another process's by now

    def start(self) -> None:
        """Start the process and wait until it answers. Returns at once when it runs already."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the process without waiting for it."""
        if self.pid:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".before.log"))
        with self.log.open("wb") as file:
            self._child = subprocess.Popen(  # noqa: S603 - our own arguments
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,  # Ctrl-C in the terminal is for whoever started it; children die with it
            )
        (self.folder / f"{self.name}.pid").write_text(str(self._child.pid))

    def wait_until_ready(self) -> None:
        """Wait until it answers; end it and raise StartError when it does not."""
        deadline = time.monotonic() + START_SECONDS
        while self.ready_line.encode() not in self.log.read_bytes():
            # Of a child ask the child: for a moment after its start the kernel does not yet know its command.
            is_gone = self.pid is None if self._child is None else self._child.poll() is not None
            if is_gone or time.monotonic() > deadline:
                self.kill()
                raise StartError(f"{self.name} did not start; see {self.log}: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in good order; with force when it takes too long."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would: kill -9."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is None:
            return
        os.killpg(pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while self.pid == pid:
            if time.monotonic() > deadline:
                os.killpg(pid, signal.SIGKILL)
            time.sleep(0.02)
        if self._child and self._child.pid == pid:
            self._child.wait()  # collect it, or it stays as a zombie
        (self.folder / f"{self.name}.pid").unlink(missing_ok=True)


def free_ports(count: int) -> list[int]:
    """Ports nobody uses now; all held while they are looked for, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
