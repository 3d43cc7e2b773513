import json
from pathlib import Path

from click.testing import CliRunner, Result

from maidian.cli import cli
from pipelines.collector.landing import UNMAPPED_FOLDER
from pipelines.collector.protocols.load_mapping import load_mappings
from pipelines.collector.protocols.segment import translate_batch
from pipelines.collector.protocols.translation import Request
from tests.maidian.commands.small_lake import maidian

BATCH = b'{"batch":[{"type":"track","event":"Goods Seen","messageId":"m","userId":"C","properties":{"sku":"YP1"}}]}'


def run(lake: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["replay", "unmapped", "--lake", str(lake), *options])


def lake_with_one_unknown(folder: Path) -> Path:
    lake = folder / "lake"
    assert maidian(lake, "init").exit_code == 0
    request = Request(path="/v1/batch", body=BATCH, received_at="2026-11-20T09:30:00.000000Z", source="web")
    kept = lake / "landing" / UNMAPPED_FOLDER / "web"
    kept.mkdir(parents=True)
    (kept / "1.ndjson").write_bytes(translate_batch(request, load_mappings().of("web")).unmapped[0] + b"\n")
    return lake


def test_names_that_nothing_maps_are_listed(tmp_path: Path) -> None:
    lake = lake_with_one_unknown(tmp_path)
    done = run(lake, "--dry-run")
    assert done.exit_code == 0
    assert "1 events = 0 to send + 0 already sent + 0 ignored + 1 still unmapped" in done.output
    assert "web: Goods Seen: 1" in done.output


def test_a_mapping_that_was_extended_sends_them(tmp_path: Path) -> None:
    lake = lake_with_one_unknown(tmp_path)
    (lake / "mappings").mkdir()
    (lake / "mappings" / "web.toml").write_text('[[segment.event]]\nname = "Goods Seen"\ntype = "view"\n')
    done = run(lake, "--json")
    assert done.exit_code == 0
    counts = json.loads(done.output)
    assert (counts["sent_count"], counts["unmapped_count"], counts["unmapped_names"]) == (1, 0, [])
    (segment,) = counts["segments"]
    assert json.loads((lake / "landing" / segment).read_text())["sku_id"] == "YP1"
    assert json.loads(run(lake, "--json").output)["already_sent_count"] == 1


def test_a_mapping_with_mistakes_is_a_usage_error(tmp_path: Path) -> None:
    lake = lake_with_one_unknown(tmp_path)
    (lake / "mappings").mkdir()
    (lake / "mappings" / "web.toml").write_text('[[segment.event]]\nname = "Goods Seen"\ntype = "veiw"\nextra = 1\n')
    done = run(lake)
    assert done.exit_code == 2
    said = done.stderr.splitlines()
    assert len(said) == 2
    assert all(line.startswith("error: ") and "web.toml: [[segment.event]] 1" in line for line in said)
