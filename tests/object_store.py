"""A real S3 server for tests, moto's, as a process of its own; each test takes a bucket."""

import os
import secrets
import sys
import urllib.request
from pathlib import Path

import pytest

from infra.local.process import LocalProcess

SERVE = "import sys; from moto.server import main; main(['-H', '127.0.0.1', '-p', sys.argv[2]])"


class ObjectStore:
    """A server below `folder`; it forgets everything when it ends."""

    def __init__(self, folder: Path, port: int, **environment: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-c", SERVE, str(folder), str(port)]
        self._process = LocalProcess(folder, "object-store", command, "Running on", environment)
        self.start, self.stop, self.kill = self._process.start, self._process.stop, self._process.kill

    def make_bucket(self) -> str:
        """A new and empty one. Asked for without a key: the server looks at keys only when it is told to."""
        name = f"lakes-{secrets.token_hex(6)}"
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/{name}", method="PUT")) as answer:
            assert answer.status == 200
        return name


def use_store(monkeypatch: pytest.MonkeyPatch, url: str, work: Path, key: str = "key", secret: str = "secret") -> None:
    """Reach the store by the environment, as a person does, and nothing of the person's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("MAIDIAN_WORK", str(work))
