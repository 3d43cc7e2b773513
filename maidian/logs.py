"""Logging of the whole program, to stderr, set up once and before any heavy import.

Apache Beam logs through the root logger while it is imported; with no handler there, Python would install one of
its own and every later library would write in that form.
"""

import json
import logging
import time

import click

from maidian.options import Preferences

OUR_PACKAGES = ("schemas", "pipelines", "jobs", "maidian")


class StderrHandler(logging.Handler):
    """Writes to whatever stderr is at that moment, so that a replaced stderr (a test, a daemon) is followed."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record as one line."""
        click.echo(self.format(record), err=True)


def _is_worth_saying(record: logging.LogRecord) -> bool:
    # Beam warns of Google Cloud clients that are missing whenever it is imported; nobody here can act on it.
    return record.levelno >= logging.ERROR or "/apache_beam/io/gcp/" not in record.pathname


class TextFormatter(logging.Formatter):
    """`2026-11-20T01:02:03Z WARNING jobs.engine: message`."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, logger, message, and the traceback where there is one."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Render one record; a line break inside a message stays inside its string."""
        fields = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def configure_logging(preferences: Preferences) -> None:
    """Send every logger to stderr: ours from INFO on when verbose, everything else from WARNING on."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, StderrHandler):
            root.removeHandler(handler)
    handler = StderrHandler()
    handler.setFormatter(JsonFormatter() if preferences.log_format == "json" else TextFormatter())
    handler.addFilter(_is_worth_saying)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for package in OUR_PACKAGES:
        logging.getLogger(package).setLevel(logging.INFO if preferences.is_verbose else logging.WARNING)
    # A library's warning about its own future is for whoever develops, not for whoever runs the nightly batch.
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").setLevel(logging.WARNING if preferences.is_verbose else logging.ERROR)
