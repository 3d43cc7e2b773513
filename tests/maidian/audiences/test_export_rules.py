"""exports.toml and the files it names: read strictly, for what is not understood would let somebody through."""

from pathlib import Path

import pytest

from maidian.audiences.export_rules import ExportSettings, read_export_rules
from schemas.errors import UsageError
from schemas.lake.lake import Lake, create_lake

BOTH = 'suppression_file = "no.csv"\nconsent_file = "yes.csv"\n'


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_lake(tmp_path / "lake")


def write(lake: Lake, **files: str) -> None:
    for name, text in files.items():
        (lake.path / name.replace("_", ".")).write_text(text, encoding="utf-8")


def test_without_a_file_the_defaults_hold(lake: Lake) -> None:
    rules = read_export_rules(lake)
    assert rules.settings == ExportSettings()
    assert (rules.settings.holdout.percent, rules.settings.frequency_cap.lists) == (10, 4)
    assert (rules.suppressed, rules.consents) == (frozenset(), None)


def test_the_files_are_read_beside_it(lake: Lake) -> None:
    no = "\ufeffcustomer_id,why\nC1,asked\n\n C2 ,\n"
    write(lake, exports_toml=BOTH, no_csv=no, yes_csv="客户编号,是否同意\nC3,是\nC4,否\nC5,yes\nC5,no\n")
    rules = read_export_rules(lake)
    assert rules.suppressed == {"C1", "C2"}
    assert rules.consents == {"C3"}  # who said both yes and no said no
    assert set(rules.described()["file_sha256"]) == {"suppression_file", "consent_file"}


def test_the_salt_is_not_told(lake: Lake) -> None:
    write(lake, exports_toml='[holdout]\nsalt = "a secret"\n')
    assert "a secret" not in str(read_export_rules(lake).described())


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"exports_toml": 'suppression_file = "gone.csv"\n'}, ["suppression_file", "gone.csv", "cannot be read"]),
        ({"exports_toml": 'supression_file = "no.csv"\n'}, ["unknown key 'supression_file'", "suppression_file"]),
        ({"exports_toml": "[holdout]\npercent = 60\n"}, ["[holdout] percent", "50"]),
        ({"exports_toml": "[holdout]\npercent = 10.5\n"}, ["[holdout] percent"]),
        ({"exports_toml": 'phone_numbers = "hide"\n'}, ["phone_numbers", "hash, keep, mask"]),
        ({"exports_toml": BOTH, "no_csv": "id\nC1\n", "yes_csv": ""}, ["no.csv", "'id'", "customer_id"]),
        ({"exports_toml": BOTH, "no_csv": "customer_id\n", "yes_csv": ""}, ["yes.csv", "nothing", "customer_id"]),
        (
            {"exports_toml": BOTH, "no_csv": "customer_id\n", "yes_csv": "customer_id,consent\nC1,maybe\n"},
            ["yes.csv, line 2", "'maybe'", "yes or no"],
        ),
        (
            {"exports_toml": BOTH, "no_csv": "why,customer_id\nasked\n", "yes_csv": ""},
            ["no.csv, line 2", "mend the line"],
        ),
    ],
)
def test_each_mistake_is_one_line(files: dict[str, str], words: list[str], lake: Lake) -> None:
    write(lake, **files)
    with pytest.raises(UsageError) as refused:
        read_export_rules(lake)
    assert "\n" not in str(refused.value)
    for word in words:
        assert word in str(refused.value)


def test_a_file_that_is_named_must_be_there(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_export_rules(lake, tmp_path / "gone.toml")
