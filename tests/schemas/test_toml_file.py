"""Reading a TOML file: one line for whatever is wrong, and where a key stands."""

from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.toml_file import read_toml


def test_keys_and_the_lines_they_stand_on(tmp_path: Path) -> None:
    path = tmp_path / "some.toml"
    path.write_text('# port\nport = 1\n\n[sources."web"]\n"quoted" = 2\n[[lists]]\nportly = 3\n')
    file = read_toml(path, "settings")
    assert file.keys == {"port": 1, "sources": {"web": {"quoted": 2}}, "lists": [{"portly": 3}]}
    assert [file.line_of(name) for name in ("port", "web", "quoted", "lists", "gone")] == [
        ", line 2",
        ", line 4",
        ", line 5",
        ", line 6",
        "",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"port = ", "settings x is not TOML: "),
        (b'name = "\xff"', "settings x: byte 8 is not UTF-8; save the file as UTF-8"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "some.toml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_toml(path, "settings x")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_none_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="settings x is a folder; name the file"):
        read_toml(tmp_path, "settings x")
    with pytest.raises(UsageError, match=r"settings x: cannot be read .*; check the path"):
        read_toml(tmp_path / "gone.toml", "settings x")
    with pytest.raises(UsageError, match=r"^write one$"):
        read_toml(tmp_path / "gone.toml", "settings x", if_missing="write one")
