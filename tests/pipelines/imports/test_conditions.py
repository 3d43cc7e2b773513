"""What each test of a condition means, for texts of a file and for typed values, and for a missing value."""

import json
from typing import Any

import msgspec
import pytest

from pipelines.imports.conditions import compile_condition
from pipelines.imports.input_file import UnpackedFile, find_input
from pipelines.imports.mapping import Condition, InputFile
from pipelines.imports.readers.ndjson_rows import NdjsonReader

VALUES: list[Any] = ["C536", "c536", "5", "5.0", 5, 5.5, True, None, "", "abc-1"]


@pytest.mark.parametrize(
    ("test", "fitting"),
    [
        ({"is": "C536"}, ["C536"]),
        ({"is": "5"}, ["5", 5]),
        ({"is": 5}, ["5", "5.0", 5]),
        ({"is": 5.5}, [5.5]),
        ({"is": True}, [True]),
        ({"is": "true"}, [True]),
        ({"is_not": 5}, ["C536", "c536", 5.5, True, None, "", "abc-1"]),
        ({"one_of": ["c536", 5.50]}, ["c536", 5.5]),
        ({"none_of": ["C536", "c536", 5]}, [5.5, True, None, "", "abc-1"]),
        ({"starts_with": "C"}, ["C536"]),
        ({"starts_with": ["C", "a"]}, ["C536", "abc-1"]),
        ({"ends_with": "6"}, ["C536", "c536"]),
        ({"contains": "-"}, ["abc-1"]),
        ({"contains": ".5"}, [5.5]),
        ({"matches": "^[a-z]+-"}, ["abc-1"]),
        ({"above": 5}, [5.5]),
        ({"at_least": 5}, ["5", "5.0", 5, 5.5]),
        ({"below": 5.5}, ["5", "5.0", 5]),
        ({"at_most": 5}, ["5", "5.0", 5]),
        ({"empty": True}, [None, ""]),
        ({"empty": False}, ["C536", "c536", "5", "5.0", 5, 5.5, True, "abc-1"]),
        ({"above": 4, "below": 5.5}, ["5", "5.0", 5]),
    ],
)
def test_condition_on_one_column(
    test: dict[str, Any], fitting: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert [(value, type(value)) for value in fitting_values({"column": "a", **test}, tmp_path_factory)] == [
        (value, type(value)) for value in fitting
    ]


def test_all_any_and_not(tmp_path_factory: pytest.TempPathFactory) -> None:
    starts, ends = {"column": "a", "starts_with": ["C", "a"]}, {"column": "a", "ends_with": "6"}
    assert fitting_values({"all": [starts, ends]}, tmp_path_factory) == ["C536"]
    assert fitting_values({"any": [starts, ends]}, tmp_path_factory) == ["C536", "c536", "abc-1"]
    assert fitting_values({"any": [starts, ends], "not": {"column": "a", "contains": "-"}}, tmp_path_factory) == [
        "C536",
        "c536",
    ]


def fitting_values(condition: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    path = tmp_path_factory.mktemp("rows") / "rows.ndjson"
    path.write_text("".join(json.dumps({"a": value}) + "\n" for value in VALUES))
    reader = NdjsonReader(UnpackedFile(find_input(path)), InputFile())
    (batch,) = reader.batches()
    reader.close()
    columns: set[str] = set()
    test = compile_condition(msgspec.convert(condition, Condition), "when", columns)
    assert columns == {"a"}
    fits = test(batch)
    assert test(batch) == fits
    return [value for value, fit in zip(VALUES, fits, strict=True) if fit]
