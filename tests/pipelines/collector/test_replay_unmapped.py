import json
from pathlib import Path

import pytest

from pipelines.collector.landing import UNMAPPED_FOLDER
from pipelines.collector.protocols.load_mapping import load_mappings
from pipelines.collector.protocols.rulebook import Rulebooks
from pipelines.collector.protocols.segment import translate_batch
from pipelines.collector.protocols.sensors import translate_events
from pipelines.collector.protocols.translation import Request, Translation
from pipelines.collector.replay_unmapped import replay_unmapped
from pipelines.landing import list_segments
from schemas.errors import MaidianError

RECEIVED_AT = "2026-11-20T09:30:00.000000Z"


def segment(books: Rulebooks, *names: str) -> Translation:
    batch = [
        {"type": "track", "event": name, "messageId": f"m{number}", "userId": "C", "properties": {"sku": "YP1"}}
        for number, name in enumerate(names)
    ]
    body = json.dumps({"batch": batch, "sentAt": "2026-11-20T09:29:59Z"}).encode()
    return translate_batch(Request(path="/", body=body, received_at=RECEIVED_AT, source="shop"), books)


def sensors(books: Rulebooks, *names: str) -> Translation:
    body = json.dumps(
        [
            {"type": "track", "event": name, "time": 1795167000005, "distinct_id": "d", "properties": {"sku": "a"}}
            for name in names
        ]
    ).encode()
    return translate_events(Request(path="/", body=body, received_at=RECEIVED_AT, source="shop"), books)


def keep(landing: Path, name: str, translation: Translation) -> None:
    folder = landing / UNMAPPED_FOLDER / "shop"
    folder.mkdir(parents=True, exist_ok=True)
    assert translation.lines == []
    (folder / f"{name}.ndjson").write_bytes(b"".join(line + b"\n" for line in translation.unmapped))


def lines(landing: Path) -> list[bytes]:
    return sorted(line for each in list_segments(landing) for line in (landing / each.name).read_bytes().splitlines())


def extend(folder: Path, protocol: str, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    with (folder / "shop.toml").open("a", encoding="utf-8") as file:
        for name in names:
            file.write(f'[[{protocol}.event]]\nname = "{name}"\ntype = "view"\n')


@pytest.mark.parametrize(("protocol", "send"), [("segment", segment), ("sensors", sensors)])
def test_what_the_mapping_learned_goes_to_landing_once(tmp_path: Path, protocol: str, send: type) -> None:
    landing, folder = tmp_path / "landing", tmp_path / "mappings"
    keep(landing, "0001", send(load_mappings().of("shop"), "看", "看", "加购", "逛"))
    nothing = replay_unmapped(landing, load_mappings(folder))
    assert (nothing.event_count, nothing.sent_count, nothing.unmapped_count) == (4, 0, 4)
    assert nothing.unmapped_names == {("shop", "看"): 2, ("shop", "加购"): 1, ("shop", "逛"): 1}
    assert lines(landing) == []

    extend(folder, protocol, "看")
    books = load_mappings(folder).of("shop")
    first = replay_unmapped(landing, load_mappings(folder))
    assert (first.sent_count, first.already_sent_count, first.unmapped_count) == (2, 0, 2)
    # As if the mapping had known the name when the event came.
    assert lines(landing) == sorted(send(books, "看", "看", "加购", "逛").lines)

    extend(folder, protocol, "加购")
    second = replay_unmapped(landing, load_mappings(folder))
    assert (second.sent_count, second.already_sent_count, second.unmapped_count) == (1, 2, 1)
    assert len(lines(landing)) == 3
    again = replay_unmapped(landing, load_mappings(folder))
    assert (again.sent_count, again.already_sent_count) == (0, 3)
    assert len(lines(landing)) == 3


def test_a_dry_run_sends_nothing(tmp_path: Path) -> None:
    keep(tmp_path, "0001", segment(load_mappings().of("shop"), "看"))
    extend(tmp_path / "mappings", "segment", "看")
    counts = replay_unmapped(tmp_path, load_mappings(tmp_path / "mappings"), is_dry_run=True)
    assert (counts.sent_count, counts.segments) == (1, [])
    assert list_segments(tmp_path) == []


def test_a_name_may_be_ignored_later(tmp_path: Path) -> None:
    keep(tmp_path, "0001", segment(load_mappings().of("shop"), "看"))
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "shop.toml").write_text('[segment]\nignore = ["看"]\n', encoding="utf-8")
    assert replay_unmapped(tmp_path, load_mappings(folder)).ignored_count == 1


def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path) -> None:
    keep(tmp_path, "0001", Translation(unmapped=[b'{"x":1}']))
    with pytest.raises(MaidianError, match=r"0001\.ndjson line 1"):
        replay_unmapped(tmp_path, load_mappings())


def test_without_a_collector_there_is_nothing(tmp_path: Path) -> None:
    assert replay_unmapped(tmp_path, load_mappings()).event_count == 0
