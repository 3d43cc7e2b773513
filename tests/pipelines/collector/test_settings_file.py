"""The collector's settings: what a person may write, and what he is told when it is wrong."""

import re
from pathlib import Path

import pytest

from pipelines.collector.settings import CollectorSettings, SourceSettings
from pipelines.collector.settings_file import described, read_collector_settings, settings_to_start_from
from schemas.errors import UsageError
from tests.end_to_end.commands import maidian

PAGE = Path(__file__).parents[3] / "docs" / "collect.md"
SOURCE = '[sources.web]\nwrite_keys = ["abc"]\n'


def read(tmp_path: Path, text: str) -> CollectorSettings:
    path = tmp_path / "collector.toml"
    path.write_text(text, encoding="utf-8")
    return read_collector_settings(path)


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    settings = read(tmp_path, "port = 9\n" + SOURCE)
    assert settings == CollectorSettings(port=9, sources={"web": SourceSettings(write_keys=("abc",))})


def test_the_printed_file_is_read_back_as_the_defaults_with_a_fresh_key(tmp_path: Path) -> None:
    first, second = (read(tmp_path, settings_to_start_from()) for _ in range(2))
    assert first.sources["web"].write_keys != second.sources["web"].write_keys
    assert len(first.sources["web"].write_keys[0]) >= 32
    uncommented = re.sub(r"(?m)^# (\w+ = )", r"\1", settings_to_start_from())
    assert (
        uncommented.count(" = ") == len(CollectorSettings.__struct_fields__) + len(SourceSettings.__struct_fields__) - 1
    )
    settings = read(tmp_path, uncommented)
    assert settings == CollectorSettings(sources=settings.sources)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1\n" + SOURCE, "collector.toml, line 1: there is no setting prot; did you mean port?"),
        ("port = 99999\n" + SOURCE, "collector.toml, line 1: port: Expected int <= 65535"),
        ('port = "80"\n' + SOURCE, "port: Expected int, got str"),
        ('ip_addresses = "hide"\n' + SOURCE, "ip_addresses: Invalid enum value"),
        ('allowed_origins = ["shop.example"]\n' + SOURCE, "allowed_origins: "),
        ("[sources.Web]\nwrite_keys = ['a']", "source 'Web': use only a to z"),
        ("[sources.web]\n", "sources.web.write_keys is missing"),
        ("[sources.web]\nwrite_keys = []", "sources.web.write_keys: "),
        ("[sources.web]\nwrite_keys = ['a']\nspeed = 3", "there is no setting sources.web.speed"),
        ("[sources.web]\nwrite_keys = ['a']\n[sources.app]\nwrite_keys = ['a']", "one write key stands twice"),
        ("sources = 3", "sources is no table"),
        ("sources.web = 3", "sources.web is no table"),
        ("port = ", "is not TOML"),
    ],
)
def test_each_mistake_is_one_line_that_says_where_and_what(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, text)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_several_mistakes_are_said_at_once_and_no_key_is_repeated(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, 'port = -1\nworkers = 0\n[sources.web]\nwrite_keys = ["secret key"]')
    assert len(str(raised.value).splitlines()) == 3
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("content", [None, "folder", b"\xff"])
def test_a_file_that_cannot_be_read_is_said_with_exit_code_2(tmp_path: Path, content: str | bytes | None) -> None:
    path = tmp_path / "collector.toml"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    done = maidian("collect", "--lake", tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_no_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "collector.toml").write_text("port = 0\n")
    done = maidian("collect", "--lake", tmp_path, check=False)
    assert (done.returncode, "names no source" in done.stderr) == (2, True)


def test_the_page_lists_every_setting_with_its_default() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, default, _meaning in (*described(CollectorSettings), *described(SourceSettings)):
        assert f"| `{name}` |" in page, name
        if isinstance(default, int):
            shown = f"{default:,}"
            assert f"| `{name}` | {shown} |" in page, (name, shown)
