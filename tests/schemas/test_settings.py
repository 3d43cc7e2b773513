"""Settings: their defaults, reading them from a file, and what is refused with one line."""

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from schemas.settings import DEFAULTS, Settings
from schemas.settings_file import all_settings, lake_settings, read_settings, settings_text


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_lake_without_a_file_has_the_defaults(tmp_path: Path) -> None:
    assert lake_settings(tmp_path) == DEFAULTS == Settings()


def test_the_file_in_the_lake_counts_and_one_that_is_named_counts_instead(tmp_path: Path) -> None:
    write(tmp_path, "view_weight = 2\nsearch_term_windows_days = [1, 14]\n")
    other = tmp_path / "other.toml"
    other.write_text("mart_days = 7")
    assert lake_settings(tmp_path) == Settings(view_weight=2, search_term_windows_days=(1, 14))
    assert lake_settings(tmp_path, other) == Settings(mart_days=7)


def test_an_empty_file_has_the_defaults(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, "")) == DEFAULTS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("half_life = 3", ", line 1: there is no setting half_life; `maidian settings` lists them all"),
        ("\nveiw_weight = 3", ", line 2: there is no setting veiw_weight; did you mean view_weight?"),
        ("[view_weight]", ", line 1: view_weight is {}; give a whole number, 0 to 1000"),
        ("view_weight = 1.5", ", line 1: view_weight is 1.5; give a whole number, 0 to 1000"),
        ("view_weight = 1.0", ", line 1: view_weight is 1.0; give a whole number, 0 to 1000"),
        ("view_weight = true", ", line 1: view_weight is True; give a whole number, 0 to 1000"),
        ("view_weight = '3'", ", line 1: view_weight is '3'; give a whole number, 0 to 1000"),
        ("view_weight = 2026-11-22", ", line 1: view_weight is datetime.date(2026, 11, 22); give a whole number"),
        ("view_weight = -1", ", line 1: view_weight is -1; give a whole number, 0 to 1000"),
        ("session_gap_minutes = 0", ", line 1: session_gap_minutes is 0; give a whole number, 1 to 1440"),
        ("session_gap_minutes = 1441", ", line 1: session_gap_minutes is 1441; give a whole number, 1 to 1440"),
        ("price_points = 100", ", line 1: price_points is 100; give 1 to 100 rising whole numbers in [ ], each"),
        ("price_points = []", ", line 1: price_points is []; give 1 to 100 rising whole numbers"),
        ("price_points = [10, 10]", ", line 1: price_points is [10, 10]; give 1 to 100 rising whole numbers"),
        ("price_points = [20, 10]", ", line 1: price_points is [20, 10]; give 1 to 100 rising whole numbers"),
        ("price_points = [10, 'x']", ", line 1: price_points is [10, 'x']; give 1 to 100 rising whole numbers"),
        ("view_weight = 1\nview_weight = 2", " is not TOML: Cannot overwrite a value"),
        ("view_weight: 1", " is not TOML: Expected '=' after a key in a key/value pair (at line 1"),
        ("mart_days = 0\nview = 1", ", line 1: mart_days is 0; give a whole number, 1 to 1100 (and 1 more)"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as raised:
        read_settings(path)
    assert str(raised.value).startswith(f"settings {path}{message}")
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no settings file .*; write one with `maidian settings > settings.toml`"):
        read_settings(tmp_path / "nowhere.toml")
    with pytest.raises(UsageError, match="is a folder; name the file"):
        read_settings(tmp_path)
    (tmp_path / "gbk.toml").write_bytes("# 权重\n".encode("gbk"))
    with pytest.raises(UsageError, match=r"byte \d is not UTF-8; save the file as UTF-8"):
        read_settings(tmp_path / "gbk.toml")


def test_settings_made_in_code_must_rise_too() -> None:
    with pytest.raises(ValueError, match="price_points does not rise"):
        Settings(price_points=(2, 1))


changed = st.builds(
    Settings,
    view_weight=st.integers(0, 1_000),
    session_gap_minutes=st.integers(1, 1_440),
    price_points=st.lists(st.integers(1, 10**9), min_size=1, max_size=9, unique=True).map(lambda v: tuple(sorted(v))),
)


@given(changed, st.sampled_from(["en", "zh"]))
def test_what_is_printed_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings, language: Literal["en", "zh"]
) -> None:
    path = write(tmp_path_factory.mktemp("settings"), settings_text(settings, language))
    assert read_settings(path) == settings


def test_the_default_is_shown_where_the_value_is_another() -> None:
    shown = settings_text(Settings(view_weight=2))
    assert "# What a view counts in a score (a whole number, 0 to 1000; default 1)\nview_weight = 2\n" in shown
    assert shown.count("default") == 1


def test_every_setting_is_documented_and_within_its_own_rule(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    for setting in all_settings():
        assert setting.en, setting.name
        assert setting.zh, setting.name
        assert f"| `{setting.name}` | " in page, f"{setting.name} is not on the page: run `make docs`"
    assert [setting.name for setting in all_settings()] == list(Settings.__struct_fields__)
    assert read_settings(write(tmp_path, settings_text(DEFAULTS))) == DEFAULTS


def test_chosen_values_are_what_a_manifest_gives_back() -> None:
    assert DEFAULTS.chosen(["view_weight", "search_term_windows_days"]) == {
        "view_weight": 1,
        "search_term_windows_days": [1, 7, 28],
    }
