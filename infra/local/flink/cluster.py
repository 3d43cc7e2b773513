"""Start, stop and kill a Flink session cluster that runs Beam's Python pipelines. All it writes lies in one folder.

jobmanager        Flink's
taskmanager-N     Flink's, one slot each
worker-pool-N     Beam's, one for each task manager: our code runs in it
job-server        Beam's: takes a pipeline, makes a Flink job of it

On a real cluster a task manager finds its pool on its own host. Here each task manager's JVM is told another address for
the one name `worker-pool`, so that the same options fit.
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from infra.local.flink.settings import JAVA_OPTIONS, OPENED, POOL_READY_LINE, flink_settings
from infra.local.jars import fetch_jars
from infra.local.process import LocalProcess, free_ports

HERE = Path(__file__).parent
POOL_NAME = "worker-pool"
PORTS = ("rpc", "rest", "job", "artifact", "expansion", "pool")
JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"


class SessionCluster:
    """A cluster on 127.0.0.1; its ports stay the same for a folder. Linux alone answers on 127.0.0.2 and so on."""

    def __init__(self, folder: Path, task_managers: int = 2) -> None:
        self.folder = folder
        self.task_managers = task_managers

    @property
    def beam_arguments(self) -> list[str]:
        """The options with which a pipeline runs here on all task managers."""
        return [
            f"--job_endpoint=127.0.0.1:{self._ports['job']}",
            "--environment_type=EXTERNAL",
            f"--environment_config={POOL_NAME}:{self._ports['pool']}",
            f"--parallelism={self.task_managers}",
        ]

    @property
    def rest_address(self) -> str:
        """Where Flink's web pages and REST interface are, without pages: their jar is not needed."""
        return f"http://127.0.0.1:{self._ports['rest']}"

    @cached_property
    def processes(self) -> dict[str, LocalProcess]:
        """Every part by name, in the order in which they start."""
        return {process.name: process for process in self._processes()}

    def start(self) -> None:
        """Start what does not run, all at once, and wait until every part answers."""
        self._write_settings()
        for process in self.processes.values():
            process.launch()
        for process in self.processes.values():
            process.wait_until_ready()

    def stop(self) -> None:
        """End every part in good order, the job server first."""
        for process in reversed(self.processes.values()):
            process.stop()

    def kill(self, name: str) -> None:
        """End one part as a power cut would: kill -9."""
        self.processes[name].kill()

    def _processes(self) -> Iterator[LocalProcess]:
        ports, settings = self._ports, ["--configDir", str(self.folder / "conf")]
        yield LocalProcess(
            self.folder,
            "jobmanager",
            [*self._java("512m"), JOB_MANAGER, *settings],
            "Successfully recovered",  # as many jobs as there were: none
            self._environment,
        )
        for number in range(1, self.task_managers + 1):
            address = _pool_address(number)
            yield LocalProcess(
                self.folder,
                f"worker-pool-{number}",
                [sys.executable, "-m", "infra.local.flink.worker_pool", f"{address}:{ports['pool']}", str(self.folder)],
                POOL_READY_LINE,
                self._worker_environment,
            )
            hosts = f"-Djdk.net.hosts.file={self.folder / 'conf' / f'hosts-{number}'}"
            yield LocalProcess(
                self.folder,
                f"taskmanager-{number}",
                [*self._java("384m"), "-XX:MaxDirectMemorySize=320m", hosts, TASK_MANAGER, *settings],
                "Successful registration at resource manager",
                self._environment,
            )
        yield LocalProcess(
            self.folder,
            "job-server",
            [
                *self._java("384m"),
                str(HERE / "JobServer.java"),
                "--job-host=127.0.0.1",
                f"--flink-master=127.0.0.1:{ports['rest']}",
                f"--job-port={ports['job']}",
                f"--artifact-port={ports['artifact']}",
                f"--expansion-port={ports['expansion']}",
                f"--artifacts-dir={self.folder / 'artifacts'}",
            ],
            "Job server now running",
            self._environment,
        )

    @property
    def _environment(self) -> dict[str, str]:
        return {"FLINK_CONF_DIR": str(self.folder / "conf")}

    @property
    def _worker_environment(self) -> dict[str, str]:
        """A worker is one of several, so it has one thread of Polars."""
        code = os.pathsep.join([str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        return {"PYTHONPATH": code, "POLARS_MAX_THREADS": "1"}

    def _java(self, heap: str) -> list[str]:
        opened = [f"--add-opens={name}=ALL-UNNAMED" for name in OPENED]
        log = f"-Dlog4j2.configurationFile={HERE.parent / 'log4j2.properties'}"
        return ["java", *JAVA_OPTIONS, f"-Xmx{heap}", *opened, log, "-cp", str(self._jars / "*")]

    @cached_property
    def _jars(self) -> Path:
        return fetch_jars("flink")

    @cached_property
    def _ports(self) -> dict[str, int]:
        file = self.folder / "ports.json"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(dict(zip(PORTS, free_ports(len(PORTS)), strict=True))))
        ports: dict[str, int] = json.loads(file.read_text())
        return ports

    def _write_settings(self) -> None:
        conf = self.folder / "conf"
        conf.mkdir(parents=True, exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)
        own = {
            "jobmanager.rpc.address": "127.0.0.1",
            "jobmanager.rpc.port": str(self._ports["rpc"]),
            "jobmanager.bind-host": "127.0.0.1",
            "rest.address": "127.0.0.1",
            "rest.bind-address": "127.0.0.1",
            "rest.port": str(self._ports["rest"]),
            "taskmanager.host": "127.0.0.1",
            "taskmanager.bind-host": "127.0.0.1",
            "taskmanager.numberOfTaskSlots": "1",
            "parallelism.default": str(self.task_managers),
            "io.tmp.dirs": str(self.folder / "tmp"),
        }
        (conf / "config.yaml").write_text(flink_settings(own))
        for number in range(1, self.task_managers + 1):
            known = {"localhost": "127.0.0.1", socket.gethostname(): "127.0.0.1", POOL_NAME: _pool_address(number)}
            (conf / f"hosts-{number}").write_text("".join(f"{known[name]} {name}\n" for name in known))


def _pool_address(number: int) -> str:
    return f"127.0.0.{number + 1}"
