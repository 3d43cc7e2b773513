import json
import logging
import sys
from collections.abc import Iterator

import pytest

from maidian.logs import StderrHandler, configure_logging
from maidian.options import Preferences


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    yield
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, StderrHandler)]
    root.setLevel(before)
    logging.captureWarnings(capture=False)


def test_what_is_done_is_said_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Preferences())
    logging.getLogger("jobs.engine").info("rebuilding")
    logging.getLogger("another.library").info("chatter")
    assert capsys.readouterr().err == ""
    configure_logging(Preferences(is_verbose=True))
    logging.getLogger("jobs.engine").info("rebuilding")
    logging.getLogger("another.library").info("chatter")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("Z INFO jobs.engine: rebuilding")


def test_configuring_again_does_not_say_things_twice(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        configure_logging(Preferences())
    logging.getLogger("pipelines").warning("slow disk")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Preferences(log_format="json"))
    try:
        raise LookupError("阿莫西林")
    except LookupError:
        logging.getLogger("pipelines.ingest").exception("two\nlines of %s", "查询")
    record = json.loads(capsys.readouterr().err)
    assert record["level"] == "error"
    assert record["logger"] == "pipelines.ingest"
    assert record["message"] == "two\nlines of 查询"
    assert record["traceback"].endswith("LookupError: 阿莫西林")


def test_beams_import_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Preferences())
    for name in [name for name in sys.modules if name.startswith("apache_beam.io.gcp.internal")]:
        del sys.modules[name]
    import apache_beam.io.gcp.internal.clients.bigquery  # noqa: F401 - for what it logs

    assert capsys.readouterr().err == ""
