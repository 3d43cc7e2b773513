"""What a publish does, wherever the lake lies: in a folder, or in an object store."""

from pathlib import Path

import pytest

from schemas.errors import MaidianError
from schemas.lake.lake import Lake, create_lake
from schemas.lake.snapshots import current_snapshot
from tests.schemas.lake.small_table import numbers_of, put
from tests.schemas.lake.small_table import shown as shown_by_current


@pytest.fixture(params=["folder", "object store"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    return create_lake(tmp_path / "lake" if request.param == "folder" else request.getfixturevalue("store_place"))


def shown(lake: Lake) -> dict[str, list[int]]:
    """The numbers by day; in a folder whoever reads the files below `current` sees the same."""
    numbers = numbers_of(current_snapshot(lake, "numbers"))
    assert lake.place is not None or shown_by_current(lake) == numbers
    return numbers


def test_a_day_gains_files_and_the_other_days_stay(lake: Lake) -> None:
    assert lake.table_names() == []
    put(lake, {"2026-11-01": [1], "2026-11-02": [2]})
    put(lake, {"2026-11-02": [3], "2026-11-03": [4]}, name="part-1.parquet")
    assert shown(lake) == {"2026-11-01": [1], "2026-11-02": [2, 3], "2026-11-03": [4]}
    assert lake.table_names() == ["numbers"]


def test_a_replaced_day_holds_only_what_is_new_and_an_emptied_one_is_gone(lake: Lake) -> None:
    put(lake, {"2026-11-01": [1], "2026-11-02": [2], "2026-11-03": [3]})
    put(lake, {"2026-11-02": [9]}, replace=["2026-11-02", "2026-11-03"])
    assert shown(lake) == {"2026-11-01": [1], "2026-11-02": [9]}


def test_a_publish_upon_a_snapshot_that_is_no_longer_current_is_refused(lake: Lake) -> None:
    first = put(lake, {"2026-11-01": [1]})
    put(lake, {"2026-11-02": [2]})
    with pytest.raises(MaidianError, match="numbers changed while it was being rebuilt; run the command again"):
        put(lake, {"2026-11-03": [3]}, base=first)
    assert set(shown(lake)) == {"2026-11-01", "2026-11-02"}
