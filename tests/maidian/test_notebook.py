"""The example notebook runs from top to bottom, and its numbers are those of SQL."""

import runpy
from pathlib import Path

import pytest

from maidian.reading.views import connect
from schemas.lake.lake import open_lake

pytestmark = pytest.mark.timeout(600)  # the first to ask for the demo builds it

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "who_has_not_bought.py"


def test_it_runs(demo_lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIDIAN_LAKE", str(demo_lake))
    app = runpy.run_path(str(NOTEBOOK))["app"]
    _outputs, names = app.run()
    products, to_call = names["products"], names["to_call"]
    with connect(open_lake(demo_lake)) as connection:
        asked = connection.execute(
            """SELECT sku_id, count(*) FILTER (NOT has_ordered) FROM sku_viewers
            WHERE as_of = (SELECT max(as_of) FROM sku_viewers) GROUP BY sku_id ORDER BY 2 DESC, 1 LIMIT 20"""
        ).fetchall()
    assert products.select("sku_id", "not_bought").rows() == asked
    assert to_call.height == asked[0][1] > 0
