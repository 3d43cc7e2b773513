"""What every command shares: the preferences given before the command's name, and the options most commands take.

@click.command(name="ingest")
@lake_option
@landing_option
@json_option
def command(lake: Path, landing: Path, is_json: bool) -> None: ...
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import click

from pipelines.kafka_topic import SCHEME, SETTINGS_VARIABLE, KafkaTopic, parse_topic
from schemas.errors import UsageError
from schemas.lake.place import LakePlace, StorePlace, parse_place

Command = TypeVar("Command", bound=Callable[..., Any])

Language = Literal["en", "zh"]
LogFormat = Literal["text", "json"]

DEFAULT_LAKE = "lake"
"""Beside the person, not hidden in a home: a lake is a directory to look into."""

LANDING_IN_LAKE = "landing"
"""Where the raw log lies when no other place is named; never published, so no table's glob meets it."""


PLACE = "maidian.place"
"""Key of `ctx.meta`: the lake or directory a command works on, named when the machine's own error knows no path."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """The options before the command's name, read once; `ctx.obj` of every command."""

    language: Language = "en"
    log_format: LogFormat = "text"
    is_verbose: bool = False
    is_debug: bool = False
    on_failure: str | None = None


pass_preferences = click.make_pass_decorator(Preferences, ensure=True)
"""Hands `Preferences` to a command as its first argument."""


DAY = click.DateTime(["%Y-%m-%d"])
"""A business day, as 2026-11-20; the value is a `datetime`."""


class TimeZoneType(click.ParamType[ZoneInfo]):
    """An IANA time zone by name; the value is a `ZoneInfo`, its name is `.key`."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ZoneInfo:
        """Refuse a name the time zone data does not hold."""
        if isinstance(value, ZoneInfo):
            return value
        try:
            return ZoneInfo(value)
        # ValueError: an absolute or escaping path; OSError: a directory of the data, such as "Asia".
        except (KeyError, ValueError, OSError):
            self.fail(f"{value!r} is no time zone; name one as Asia/Shanghai or Europe/London", param, ctx)


class LakeType(click.ParamType[LakePlace]):
    """A lake's directory, or with `accepts_store` also a place in an object store, as s3://BUCKET/PREFIX."""

    name = "lake"

    def __init__(self, *, accepts_store: bool) -> None:
        self.accepts_store = accepts_store

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> LakePlace:
        """Tell the two apart."""
        place = value if isinstance(value, StorePlace) else parse_place(value)
        if isinstance(place, StorePlace):
            if not self.accepts_store:
                raise UsageError(
                    f"{place} is in an object store; this command needs a lake in a directory: --lake DIRECTORY"
                )
            return place
        folder: Path = click.Path(file_okay=False, path_type=Path).convert(place, param, ctx)
        return folder


class LandingType(click.ParamType["Path | KafkaTopic"]):
    """The directory of a landing, or with `accepts_topic` also a topic, as kafka://HOST:PORT/TOPIC."""

    name = "landing"

    def __init__(self, *, accepts_topic: bool) -> None:
        self.accepts_topic = accepts_topic

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | KafkaTopic:
        """Tell the two apart before a path makes one slash of two."""
        if isinstance(value, Path | KafkaTopic):
            return value
        if value.startswith(SCHEME):
            if not self.accepts_topic:
                self.fail(f"{value} is a topic; this command needs a directory, give another --landing", param, ctx)
            return parse_topic(value, Path(os.environ[SETTINGS_VARIABLE]) if SETTINGS_VARIABLE in os.environ else None)
        folder: Path = click.Path(file_okay=False, path_type=Path).convert(value, param, ctx)
        return folder


Place = TypeVar("Place", bound=LakePlace)


def _remember_place(ctx: click.Context, _param: click.Parameter, value: Place) -> Place:
    ctx.meta.setdefault(PLACE, value)
    return value


def require_folder(option: str, file: Path) -> None:
    """UsageError when the folder that a file is to be written into is not there."""
    if not file.parent.is_dir():
        raise UsageError(f"{option} {file}: there is no folder {file.parent}; make it, or name another place")


def lake_option(command: Command) -> Command:
    """Add `--lake PLACE`; the command receives `lake: LakePlace`, which need not exist."""
    return _lake_option("DIRECTORY|s3://…", "The lake: a directory, or s3://BUCKET/PREFIX.", accepts_store=True)(
        command
    )


def lake_folder_option(command: Command) -> Command:
    """Add `--lake DIR` to a command that cannot work on an object store; it receives `lake: Path`."""
    return _lake_option("DIRECTORY", "The lake's directory.", accepts_store=False)(command)


def _lake_option(metavar: str, text: str, *, accepts_store: bool) -> Callable[[Command], Command]:
    return click.option(
        "--lake",
        type=LakeType(accepts_store=accepts_store),
        envvar="MAIDIAN_LAKE",
        metavar=metavar,
        default=DEFAULT_LAKE,
        is_eager=True,
        show_default=True,
        show_envvar=True,
        callback=_remember_place,
        help=text,
    )


def _landing_beside(ctx: click.Context, param: click.Parameter, value: Path | KafkaTopic | None) -> Path | KafkaTopic:
    """Default to the landing inside the lake of the same command."""
    if isinstance(value, KafkaTopic):
        return value
    lake = ctx.params.get("lake", Path(DEFAULT_LAKE))
    if value is None and isinstance(lake, StorePlace):
        if ctx.params.get("master"):  # of `import --as`, which writes to no landing
            return Path(LANDING_IN_LAKE)
        raise UsageError(f"the lake {lake} is in an object store and holds no landing; give one with --landing")
    return _remember_place(ctx, param, value or lake / LANDING_IN_LAKE)


def landing_option(command: Command) -> Command:
    """Add `--landing DIR`; the command receives `landing: Path`, by default `<lake>/landing`.

    `--lake` is eager, so its value is known whatever order the two are given in.
    """
    return _landing_option("DIRECTORY", "The directory of the raw log.", accepts_topic=False)(command)


def landing_or_topic_option(command: Command) -> Command:
    """Add `--landing DIR|kafka://…`; the command receives `landing: Path | KafkaTopic`, by default `<lake>/landing`."""
    text = "The directory of the raw log, or a topic: kafka://HOST:PORT/TOPIC."
    return _landing_option("DIRECTORY|TOPIC", text, accepts_topic=True)(command)


def _landing_option(metavar: str, text: str, *, accepts_topic: bool) -> Callable[[Command], Command]:
    return click.option(
        "--landing",
        type=LandingType(accepts_topic=accepts_topic),
        envvar="MAIDIAN_LANDING",
        metavar=metavar,
        show_default="<lake>/landing",
        show_envvar=True,
        callback=_landing_beside,
        help=text,
    )


def time_zone_option(command: Command) -> Command:
    """Add `--time-zone ZONE`; the command receives `time_zone: ZoneInfo | None`, None when not given.

    There is no default here: a lake fixes its own zone when it is created, and only `init` (and what creates a lake
    on the way) knows what stands in for none.
    """
    return click.option(
        "--time-zone",
        type=TimeZoneType(),
        envvar="MAIDIAN_TIME_ZONE",
        show_envvar=True,
        help="The lake's time zone, such as Asia/Shanghai; fixed when the lake is created.",
    )(command)


def settings_option(command: Command) -> Command:
    """Add `--settings FILE`; the command receives `settings_file: Path | None`, for `lake_settings` to read."""
    return click.option(
        "--settings",
        "settings_file",
        type=click.Path(path_type=Path),
        envvar="MAIDIAN_SETTINGS",
        show_default="<lake>/settings.toml",
        show_envvar=True,
        metavar="FILE",
        help="The settings: weights, windows, gaps; see `maidian settings`.",
    )(command)


def runner_option(default: str | None, text: str) -> Callable[[Command], Command]:
    """Add `--runner NAME` and the arguments after `--`.

    The command receives `runner: str | None` and `arguments: tuple[str, ...]`, which `beam_options` takes apart.
    """

    def add(command: Command) -> Command:
        return click.option(
            "--runner",
            default=default,
            envvar="MAIDIAN_RUNNER",
            show_envvar=True,
            show_default=default or "this process",
            metavar="NAME",
            help=text,
        )(command)

    return add


def distribution_option(command: Command) -> Command:
    """`--runner` and `--part-rows` of commands that compute days; the command receives `part_rows: int | None` too."""
    in_parts = click.option(
        "--part-rows",
        type=click.IntRange(min=1),
        envvar="MAIDIAN_PART_ROWS",
        show_envvar=True,
        show_default="4,000,000 with --runner, else no limit",
        metavar="ROWS",
        help="Compute a day that reads more rows in parts, where its job divides. The tables come out the same.",
    )
    text = "Compute the days elsewhere: `embedded`, `flink`, or a Beam runner by its own name. The tables come out the same."
    return runner_option(None, text)(in_parts(command))


def beam_options(arguments: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a command was given besides its options: names of things, and options of the Beam runner.

    Those options are words that begin with `--`; in front of them go those of MAIDIAN_BEAM_OPTIONS, written as in a shell.
    """
    given = tuple(shlex.split(os.environ.get("MAIDIAN_BEAM_OPTIONS", "")))
    names = tuple(word for word in arguments if not word.startswith("--"))
    return names, (*given, *(word for word in arguments if word.startswith("--")))


def json_option(command: Command) -> Command:
    """Add `--json`; the command receives `is_json: bool` and then prints one JSON document on stdout, nothing else."""
    return click.option(
        "--json", "is_json", is_flag=True, help="Print one JSON document on stdout, for a scheduler to read."
    )(command)
