from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner

from maidian.options import json_option, lake_option, landing_option, time_zone_option


def parsed(*arguments: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    values: dict[str, Any] = {}

    @click.command()
    @landing_option
    @lake_option
    @time_zone_option
    @json_option
    def command(**given: Any) -> None:
        values.update(given)

    nothing_set = {"MAIDIAN_LAKE": None, "MAIDIAN_LANDING": None, "MAIDIAN_TIME_ZONE": None}
    result = CliRunner(env=nothing_set).invoke(command, arguments, env=env, standalone_mode=False)
    if result.exception:
        raise result.exception
    return values


def test_defaults_lie_in_the_working_directory() -> None:
    assert parsed() == {"lake": Path("lake"), "landing": Path("lake/landing"), "time_zone": None, "is_json": False}


@pytest.mark.parametrize("arguments", [("--lake", "a"), ("--json", "--lake", "a")])
def test_landing_lies_in_the_lake_that_is_named(arguments: tuple[str, ...]) -> None:
    assert parsed(*arguments)["landing"] == Path("a/landing")


def test_landing_elsewhere_is_kept_whatever_the_order() -> None:
    assert parsed("--landing", "b", "--lake", "a")["landing"] == Path("b")


def test_the_environment_names_lake_and_landing_and_the_option_wins() -> None:
    env = {"MAIDIAN_LAKE": "a", "MAIDIAN_TIME_ZONE": "Europe/London"}
    assert parsed(env=env)["landing"] == Path("a/landing")
    assert parsed(env=env)["time_zone"] == ZoneInfo("Europe/London")
    assert parsed("--lake", "c", env=env)["landing"] == Path("c/landing")
    assert parsed(env={**env, "MAIDIAN_LANDING": "d"})["landing"] == Path("d")


@pytest.mark.parametrize("name", ["Mars/Olympus", "Asia", "../etc/passwd", "/etc/localtime", ""])
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time zone"):
        parsed("--time-zone", name)


def test_a_command_that_writes_files_refuses_a_topic() -> None:
    with pytest.raises(click.BadParameter, match="is a topic; this command needs a directory"):
        parsed(env={"MAIDIAN_LANDING": "kafka://localhost:9092/events"})
