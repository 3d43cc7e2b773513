"""Segments appear whole or not at all, and are listed by what they are."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.landing import Segment, SegmentExistsError, list_segments, normalise_source, open_segment
from schemas.errors import MaidianError, UsageError


def names(landing: Path) -> list[str]:
    return sorted(path.relative_to(landing).as_posix() for path in landing.rglob("*") if path.is_file())


def test_segment_has_its_name_only_when_the_block_ends(tmp_path: Path) -> None:
    with open_segment(tmp_path, "erp", "day-1") as writer:
        writer.write(b'{"a":1}\n')
        assert list_segments(tmp_path) == []
        assert [name.endswith(".tmp") for name in names(tmp_path)] == [True]
    assert names(tmp_path) == ["erp/day-1.ndjson"]
    assert (tmp_path / "erp/day-1.ndjson").read_bytes() == b'{"a":1}\n'


def test_name_may_be_given_after_the_bytes(tmp_path: Path) -> None:
    with open_segment(tmp_path, "erp") as writer:
        writer.write(b"{}\n")
        writer.name = "by-content"
    assert names(tmp_path) == ["erp/by-content.ndjson"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_failure_inside_the_block_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), open_segment(tmp_path, "erp", "day-1") as writer:  # noqa: PT012
        writer.write(b"{}\n")
        raise error
    assert names(tmp_path) == []


def test_discarded_segment_leaves_nothing(tmp_path: Path) -> None:
    with open_segment(tmp_path, "erp", "day-1") as writer:
        writer.write(b"{}\n")
        writer.discard()
    assert names(tmp_path) == []


def test_segment_is_never_replaced(tmp_path: Path) -> None:
    with open_segment(tmp_path, "erp", "day-1") as writer:
        writer.write(b"first\n")
    with pytest.raises(SegmentExistsError, match="day-1"), open_segment(tmp_path, "erp", "day-1") as writer:
        writer.write(b"second\n")
    assert names(tmp_path) == ["erp/day-1.ndjson"]
    assert (tmp_path / "erp/day-1.ndjson").read_bytes() == b"first\n"


def test_temporary_file_of_a_killed_writer_is_swept_and_of_a_living_one_is_not(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from pipelines.landing import open_segment\n"
        "with open_segment(pathlib.Path(sys.argv[1]), 'erp', 'a') as writer:\n"
        "    writer.write(b'x'); print('open', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    with open_segment(tmp_path, "erp", "b"):
        pass
    assert len(names(tmp_path)) == 2, "a living writer's file stays"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with open_segment(tmp_path, "erp", "c"):
        pass
    assert names(tmp_path) == ["erp/b.ndjson", "erp/c.ndjson"]


def test_temporary_file_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "erp").mkdir()
    (tmp_path / "erp/upload.ndjson.tmp").write_bytes(b"half")
    with open_segment(tmp_path, "erp", "a"):
        pass
    assert names(tmp_path) == ["erp/a.ndjson", "erp/upload.ndjson.tmp"]


def test_full_disk_is_one_line(tmp_path: Path) -> None:
    # /dev/full cannot be a landing; a descriptor swapped under the writer meets the same error.
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(MaidianError, match=os.strerror(errno.ENOSPC)) as caught:  # noqa: PT012, SIM117
        with open_segment(tmp_path, "erp", "a") as writer:
            os.dup2(full, writer._file.fileno())
            writer.write(b"{}\n")
    os.close(full)
    assert caught.value.exit_code == 1
    assert names(tmp_path) == []


def test_source_outside_its_alphabet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"source '\.\./up'"), open_segment(tmp_path, "../up", "a"):
        pass


def test_landing_below_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MaidianError, match="cannot write"), open_segment(tmp_path / "file", "erp", "a"):
        pass
    with pytest.raises(UsageError, match="is a file"):
        list_segments(tmp_path / "file")


def test_listing_takes_complete_segments_at_any_depth(tmp_path: Path) -> None:
    for name in (
        "erp/a.ndjson",
        "erp/2026/b.jsonl",
        "erp/c.ndjson.tmp",
        "erp/.hidden.ndjson",
        ".state/d.ndjson",
        "erp/e.csv",
        "Old Shop.ndjson",
        "订单.ndjson",
        "ERP Export/f.ndjson",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}\n")
    os.utime(tmp_path / "erp/a.ndjson", ns=(5, 7))
    segments = list_segments(tmp_path)
    assert [(each.source, each.name) for each in segments] == [
        ("erp", "erp/2026/b.jsonl"),
        ("erp", "erp/a.ndjson"),
        ("erp-export", "ERP Export/f.ndjson"),
        ("old-shop", "Old Shop.ndjson"),
        ("unnamed", "订单.ndjson"),
    ]
    assert segments[1] == Segment(source="erp", name="erp/a.ndjson", size_bytes=3, modified_ns=7)


def test_missing_landing_has_no_segments(tmp_path: Path) -> None:
    assert list_segments(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("text", "source"),
    [("ERP Export 2026", "erp-export-2026"), ("online_retail", "online_retail"), ("订单", ""), ("a订单b", "a-b")],
)
def test_source_is_made_of_a_name(text: str, source: str) -> None:
    assert normalise_source(text) == source


def test_where_there_are_no_hard_links_a_segment_is_renamed_and_still_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "link", refuse)
    with open_segment(tmp_path, "erp", "a") as writer:
        writer.write(b"first\n")
    with pytest.raises(SegmentExistsError), open_segment(tmp_path, "erp", "a") as writer:
        writer.write(b"second\n")
    assert names(tmp_path) == ["erp/a.ndjson"]
    assert (tmp_path / "erp/a.ndjson").read_bytes() == b"first\n"
