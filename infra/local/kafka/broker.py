"""Start, stop and kill one Kafka broker. Everything it writes lies in one folder, which can be started again.

<folder>/server.properties   its settings
<folder>/data                its log
<folder>/server.log          what it says
<folder>/pid                 the process, while it was not stopped
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from infra.local.jars import fetch_jars

HERE = Path(__file__).parent
CLUSTER_ID = "bWFpZGlhbi1sb2NhbC0wMA"  # any 16 bytes in base64; one broker, so one name
START_SECONDS = 60
STOP_SECONDS = 30
READY_LINE = "Kafka Server started"
# Little memory, and no long compiling: a broker for tests lives for seconds.
JAVA_OPTIONS = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class BrokerError(Exception):
    """The broker did not start; its log says why."""


class Broker:
    """A broker on 127.0.0.1. `port` is the clients', `controller_port` its own; both stay the same for a folder."""

    def __init__(self, folder: Path, port: int, controller_port: int, properties: Mapping[str, str] = {}) -> None:
        """`properties` come on top of, or instead of, those of this file; see Kafka's documentation."""
        self.folder = folder
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._properties = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
            "log.dirs": str(folder / "data"),
            "auto.create.topics.enable": "false",  # a mistyped topic must be an error
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            # A broker that was killed may come back only when its old session has run out.
            "broker.session.timeout.ms": "1000",
            "broker.heartbeat.interval.ms": "200",
            "log.cleaner.backoff.ms": "500",  # compaction, where a topic asks for it, within a second and not in fifteen
            **properties,
        }

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process that was started in this folder and is alive."""
        try:
            pid = int((self.folder / "pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return pid if str(self.folder).encode() in command else None  # a number may be another process's by now

    def start(self) -> None:
        """Start the process and wait until it answers. Returns at once when it runs already."""
        if self.pid:
            return
        jars = fetch_jars("kafka")
        settings = self.folder / "server.properties"
        if not settings.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            settings.write_text("".join(f"{name}={value}\n" for name, value in self._properties.items()))
        if not (self.folder / "data").exists():
            command = [*_java(jars), "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(settings)]
            done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
            if done.returncode:
                shutil.rmtree(self.folder / "data", ignore_errors=True)
                raise BrokerError(f"cannot format {self.folder}: {(done.stdout + done.stderr)[-2000:]}")
        log = self.folder / "server.log"
        with log.open("ab") as file:
            start_of_log = file.tell()
            self._process = subprocess.Popen(  # noqa: S603
                [*_java(jars), "kafka.Kafka", str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for whoever started it
            )
        (self.folder / "pid").write_text(str(self._process.pid))
        deadline = time.monotonic() + START_SECONDS
        while READY_LINE.encode() not in log.read_bytes()[start_of_log:]:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                self._process.wait()
                raise BrokerError(f"the broker did not start; see {log}: {log.read_text()[-2000:]}")
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
        os.kill(pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while self.pid == pid:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        if self._process and self._process.pid == pid:
            self._process.wait()  # collect it, or it stays as a zombie
        (self.folder / "pid").unlink(missing_ok=True)


def free_ports(count: int) -> list[int]:
    """Ports nobody uses now; all held while they are looked for, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _java(jars: Path) -> list[str]:
    log4j = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
    return ["java", *JAVA_OPTIONS, log4j, "-cp", str(jars / "*")]
