"""`maidian collect`: the HTTP collector."""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from maidian.options import LANDING_IN_LAKE, lake_option
from schemas.errors import MaidianError, UsageError

if TYPE_CHECKING:
    from pipelines.collector.landing import Landing
    from pipelines.collector.metrics import Metrics
    from pipelines.collector.settings import CollectorSettings


@click.command(name="collect")
@lake_option
@click.option(
    "--landing",
    envvar="MAIDIAN_LANDING",
    show_default="<lake>/landing",
    show_envvar=True,
    metavar="DIR|kafka://…",
    help="Where events are kept: a directory, or a Kafka topic.",
)
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path),
    envvar="MAIDIAN_COLLECTOR_SETTINGS",
    show_default="<lake>/collector.toml",
    show_envvar=True,
    metavar="FILE",
    help="Write keys, limits, origins.",
)
@click.option("--host", help="The address to listen on, in place of the settings'.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port, in place of the settings'; 0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes on the port, in place of the settings'.")
@click.option("--print-settings", "is_printing", is_flag=True, help="Print a settings file with a fresh key, and end.")
def command(
    lake: Path,
    landing: str | None,
    settings_file: Path | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    is_printing: bool,
) -> None:
    """Take events in over HTTP from tracking clients, and keep them in landing before answering.

    Write keys stand in the settings; --print-settings makes a file to start from. SIGTERM or Ctrl-C ends it: requests
    under way are finished. `maidian ingest --follow` beside it brings the events into their table.
    """
    from pipelines.collector.settings_file import SETTINGS_NAME, read_collector_settings, settings_to_start_from

    if is_printing:
        click.echo(settings_to_start_from())
        return
    settings = read_collector_settings(settings_file or lake / SETTINGS_NAME)
    given = {"host": host, "port": port, "workers": workers}
    settings = msgspec.structs.replace(settings, **{name: value for name, value in given.items() if value is not None})
    if not settings.sources:
        raise UsageError(
            f"{settings_file or lake / SETTINGS_NAME} names no source; add `[sources.web]` with write_keys, as "
            "`maidian collect --print-settings` shows"
        )
    _serve(settings, lake, landing or str(lake / LANDING_IN_LAKE))


def _serve(settings: "CollectorSettings", lake: Path, landing: str) -> None:
    try:
        from pipelines.collector.server import listen, serve
        from pipelines.collector.worker import Blueprint
    except ModuleNotFoundError as error:
        raise UsageError(f"the collector needs {error.name}; install it with `pip install maidian[collect]`") from None
    from pipelines.collector.protocols.load_mapping import FOLDER_IN_LAKE, load_mappings

    opener = _LandingOpener(landing, settings)
    opener.check()
    mappings = load_mappings(lake / FOLDER_IN_LAKE)
    listener = listen(settings.host, settings.port)
    address, port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    ready = f"collecting on http://{shown}:{port} into {landing}"
    with listener:
        serve(Blueprint(settings, mappings, opener), listener, partial(click.echo, ready))


@dataclass(frozen=True)
class _LandingOpener:
    """Opens the landing in each worker."""

    target: str
    settings: "CollectorSettings"

    def check(self) -> None:
        """Say now what no worker could mend."""
        folder = Path(self.target)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MaidianError(f"cannot use the landing {folder}: {error.strerror}; give another --landing") from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise MaidianError(f"the landing {folder} cannot be written; change its owner or mode, or give another")

    def __call__(self, metrics: "Metrics") -> "Landing":
        """A landing of this process."""
        from pipelines.collector.landing_files import FileLanding, FileLandingLimits

        limits = FileLandingLimits(
            max_segment_bytes=self.settings.max_segment_bytes,
            max_segment_seconds=self.settings.max_segment_seconds,
            max_waiting_bytes=self.settings.max_buffered_bytes,
            max_commit_seconds=self.settings.max_commit_seconds,
        )
        return FileLanding(Path(self.target), limits, metrics.count_commit)
