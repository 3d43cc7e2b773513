"""Start, stop and kill one Kafka broker. Everything it writes lies in one folder, which can be started again.

<folder>/server.properties   its settings
<folder>/data                its log
<folder>/server.log          what it says
<folder>/server.pid          the process, while it was not stopped
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from infra.local.jars import fetch_jars
from infra.local.process import LocalProcess, StartError

LOG_SETTINGS = Path(__file__).parents[1] / "log4j2.properties"
CLUSTER_ID = "bWFpZGlhbi1sb2NhbC0wMA"  # any 16 bytes in base64; one broker, so one name
READY_LINE = "Kafka Server started"
# Little memory, and no long compiling: a broker for tests lives for seconds.
JAVA_OPTIONS = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class Broker:
    """A broker on 127.0.0.1. `port` is the clients', `controller_port` its own; both stay the same for a folder."""

    def __init__(self, folder: Path, port: int, controller_port: int, properties: Mapping[str, str] = {}) -> None:
        """`properties` come on top of, or instead of, those of this file; see Kafka's documentation."""
        self.folder = folder
        self.port = port
        self._process: LocalProcess | None = None
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
        return self._server([]).pid if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process and wait until it answers. Returns at once when it runs already."""
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
                raise StartError(f"cannot format {self.folder}: {(done.stdout + done.stderr)[-2000:]}")
        self._process = self._server([*_java(jars), "kafka.Kafka", str(settings)])
        self._process.start()

    def stop(self) -> None:
        """End it in good order; with force when it takes too long."""
        (self._process or self._server([])).stop()

    def kill(self) -> None:
        """End it as a power cut would: kill -9."""
        (self._process or self._server([])).kill()

    def _server(self, command: list[str]) -> LocalProcess:
        return LocalProcess(self.folder, "server", command, READY_LINE)


def _java(jars: Path) -> list[str]:
    return ["java", *JAVA_OPTIONS, f"-Dlog4j2.configurationFile={LOG_SETTINGS}", "-cp", str(jars / "*")]
