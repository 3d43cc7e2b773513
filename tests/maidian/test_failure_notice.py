"""Who is told of a failure, in a real process: a web hook on this machine, a shell command."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.commands import maidian


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted; answers 500 under /broken."""

    posted: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.headers["Content-Type"], json.loads(body)))  # type: ignore[attr-defined]
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base's name
        pass


@pytest.fixture
def hook() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Hook)
    server.posted = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def fail(target: str, lake: Path) -> Any:
    """A command that ends with code 2: there is no lake."""
    done = maidian("--on-failure", target, "run", "--lake", lake, check=False)
    assert done.returncode == 2
    assert "error: " in done.stderr
    return done


def test_a_hook_is_posted_to(hook: HTTPServer, tmp_path: Path) -> None:
    done = fail(f"http://127.0.0.1:{hook.server_port}/", tmp_path / "nowhere")
    ((kind, notice),) = hook.posted  # type: ignore[attr-defined]
    assert kind == "application/json"
    assert (notice["command"], notice["exit_code"], notice["place"]) == ("run", 2, str(tmp_path / "nowhere"))
    assert f"error: {notice['message']}\n" == done.stderr
    assert notice["host"]
    assert notice["at"].endswith("+00:00")


def test_a_command_is_run_with_it(tmp_path: Path) -> None:
    fail(f"cat > '{tmp_path / 'told'}'", tmp_path / "nowhere")
    assert json.loads((tmp_path / "told").read_text())["exit_code"] == 2


@pytest.mark.parametrize("target", ["exit 3", "http://127.0.0.1:1/", "http://"])
def test_a_notice_that_cannot_be_given_changes_nothing_else(target: str, tmp_path: Path) -> None:
    done = fail(target, tmp_path / "nowhere")
    assert done.stderr.count("\n") == 2
    assert "warning: nobody could be told of the failure (" in done.stderr


def test_a_hook_that_answers_with_an_error(hook: HTTPServer, tmp_path: Path) -> None:
    done = fail(f"http://127.0.0.1:{hook.server_port}/broken", tmp_path / "nowhere")
    assert "warning: nobody could be told of the failure (HTTP Error 500" in done.stderr


def test_what_succeeds_is_not_told(tmp_path: Path) -> None:
    maidian("--on-failure", f"touch '{tmp_path / 'told'}'", "init", "--lake", tmp_path / "lake")
    assert not (tmp_path / "told").exists()
