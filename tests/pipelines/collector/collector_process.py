"""A `maidian collect` in processes of its own, and requests to it as raw as a test wants them."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipelines.landing import list_segments

KEY = "key-of-web-0123456789"
SOURCE = f'[sources.web]\nwrite_keys = ["{KEY}"]\n'


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class CollectorProcess:
    """One collector: a supervisor and its workers."""

    def __init__(self, lake: Path, settings: str = SOURCE, *options: str, port: int = 0) -> None:
        """Start it and wait until it listens."""
        lake.mkdir(parents=True, exist_ok=True)
        self.lake = lake
        self.landing = lake / "landing"
        (lake / "collector.toml").write_text(settings, encoding="utf-8")
        self.log_path = lake / "collector.log"
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "maidian", "collect", "--lake", lake, "--port", str(port), *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"the collector did not start: {line!r} {self.log_path.read_text()}"
        self.url = found[0]
        self.address = (urlsplit(self.url).hostname or "", urlsplit(self.url).port or 0)

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers that live."""
        children = Path(f"/proc/{self.process_id}/task/{self.process_id}/children")
        return [int(each) for each in children.read_text().split()]

    def request(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] = {},
        key: str | None = KEY,
    ) -> Answered:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        try:
            connection.request(method, path, body, {**({"X-Write-Key": key} if key else {}), **headers})
            answer = connection.getresponse()
            return Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def post(self, body: bytes | str, path: str = "/v1/events", **options: Any) -> Answered:
        return self.request("POST", path, body, **options)

    def connect(self) -> socket.socket:
        """A plain connection."""
        return socket.create_connection(self.address, timeout=20)

    def is_alive_and_well(self) -> bool:
        """Whether a good request is answered at once."""
        return self.post(b'{"event_type":"view","is":"well"}').status == 200

    def kept(self, source: str = "web") -> list[bytes]:
        """Lines of complete segments."""
        return [
            line
            for segment in list_segments(self.landing)
            if segment.source == source
            for line in (self.landing / segment.name).read_bytes().splitlines()
        ]

    def metrics(self) -> dict[str, float]:
        """Every number, by its name with labels."""
        text = self.request("GET", "/metrics", key=None).body.decode()
        pairs = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        return {name.removeprefix("maidian_collector_"): float(value) for name, value in pairs}

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        """Its exit code."""
        code = self._process.wait(timeout=40)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def end(self) -> None:
        """Whatever a test left running."""
        if self._process.poll() is None:
            self._process.kill()
            self.wait()

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")


@contextmanager
def collecting(lake: Path, settings: str = SOURCE, *options: str) -> Iterator[CollectorProcess]:
    """A collector that is told to stop at the end, and must then end well."""
    collector = CollectorProcess(lake, settings, *options)
    try:
        yield collector
        assert collector.stop() == 0, collector.log
    finally:
        collector.end()
