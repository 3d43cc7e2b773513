"""`maidian effect` as a person calls it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.lake.lake import Lake
from tests.maidian.commands.small_lake import maidian
from tests.maidian.effects.campaign_lake import SENT, Order, act_rows, draw_rows, log_rows, make_lake, order_rows, put

LISTED, HELD_OUT = [f"L{number}" for number in range(60)], [f"H{number}" for number in range(60)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = make_lake(tmp_path_factory.mktemp("effect") / "lake")
    put(lake, "holdouts", draw_rows({**dict.fromkeys(LISTED, False), **dict.fromkeys(HELD_OUT, True)}))
    put(lake, "export_log", log_rows(LISTED, HELD_OUT))
    everybody = [*LISTED, *HELD_OUT]
    orders = [Order(company, -5 - place % 9, ("100",)) for place, company in enumerate(everybody) if place % 3]
    orders += [Order(company, 2, ("100",)) for place, company in enumerate(LISTED) if place % 4]
    orders += [Order(company, 2, ("100",)) for place, company in enumerate(HELD_OUT) if place % 4 == 0]
    orders += [Order(company, 20, ("100",)) for place, company in enumerate(HELD_OUT) if place % 2]
    put(lake, "order_lines", order_rows(orders))
    put(lake, "customer_sku_days", act_rows(everybody))
    return lake


def test_a_table_and_what_to_think_of_it(lake: Lake) -> None:
    printed = maidian(lake, "effect", "autumn", "--try").output
    assert printed.startswith("60 companies in the list, 60 held out · autumn · 2026-10-01 to 2026-10-01\n")
    rows = [line.split("  ") for line in printed.splitlines() if "orders a company" in line]
    shown = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert [(row[0], row[-1]) for row in shown] == [
        ("during", "more"),
        ("after", "less"),
        ("both", "no difference shown"),
    ]
    assert "sample ratio: 50.0% held out, 50.0% expected (p = 1)" in printed


def test_in_chinese(lake: Lake) -> None:
    printed = maidian(lake, "effect", "autumn", "--try", "--lang=zh").output
    assert "营销组 60 个客户，对照组 60 个" in printed
    assert "每客户订单数" in printed
    assert "提升" in printed


def test_weaker_evidence_says_so(lake: Lake, tmp_path: Path) -> None:
    listed = tmp_path / "sent.csv"
    listed.write_text("customer_id\n" + "\n".join(LISTED), "utf-8")
    arguments = ["--treated", str(listed), "--from", SENT.isoformat(), "--try"]
    printed = maidian(lake, "effect", "letter", *arguments).output
    assert "60 companies in the list, 60 others to compare with · letter · 2026-10-01" in printed
    assert "weaker evidence: there was no holdout, so this is a difference in differences" in printed
    assert "companies are in other lists of these days" in printed
    assert all(
        row["is_weaker"] for row in json.loads(maidian(lake, "effect", "letter", *arguments, "--json").stdout)["rows"]
    )


def test_days_that_are_still_to_come_are_announced(lake: Lake) -> None:
    printed = maidian(lake, "effect", "autumn", "--days", "30", "--after-days", "30", "--try").output
    day = SENT + timedelta(59)
    assert f"the days after are not all there yet: ask again once the tables are built up to {day}" in printed


def test_json_holds_the_row_of_the_table(lake: Lake) -> None:
    rows = json.loads(maidian(lake, "effect", "autumn", "--json").stdout)["rows"]
    assert len(rows) == 9
    first = rows[0]
    assert (first["treated_order_count"], first["control_order_count"]) == (45, 15)
    assert first["treated_net_amount"] == "4500.0000"
    sql = "SELECT treated_order_count, control_net_amount FROM promotion_effects WHERE period = 'effect' LIMIT 1"
    assert maidian(lake, "sql", "-c", sql, "--format", "csv").output.splitlines()[1] == "45,1500.0000"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["autum"], "error: no list 'autum' went out; lists in the log: autumn. See also --treated"),
        (["letter", "--treated", "x.csv"], "error: --treated needs --from"),
        (["letter", "--treated", "nowhere.csv", "--from", "2026-10-01"], "error: nowhere.csv: cannot be read"),
        (
            ["autumn", "--from", "2026-10-02", "--to", "2026-10-01"],
            "error: --to 2026-10-01 is before --from 2026-10-02",
        ),
    ],
)
def test_what_a_person_gets_wrong_is_one_line(lake: Lake, arguments: list[str], message: str) -> None:
    done = maidian(lake, "effect", *arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
