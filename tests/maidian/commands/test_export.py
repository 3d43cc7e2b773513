"""`maidian export` as a person runs it."""

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.commands import maidian, maidian_json

pytestmark = pytest.mark.timeout(600)  # the first to ask for the demo builds it


def test_list_and_mistakes(demo_lake: Path) -> None:
    shown = maidian("--lang", "zh", "export", "--lake", demo_lake, "--list").stdout
    assert "看过未购" in shown
    done = maidian("export", "--lake", demo_lake, "viewed_not_orderd", check=False)
    assert done.returncode == 2
    assert "did you mean viewed_not_ordered" in done.stderr
    assert maidian("export", "--lake", demo_lake, check=False).returncode == 2


def test_an_export_with_the_real_audit(demo_lake: Path, tmp_path: Path) -> None:
    shutil.copytree(demo_lake, tmp_path / "lake", symlinks=True)
    options = ("--lake", tmp_path / "lake", "--out", tmp_path / "out")
    report = maidian_json("export", "near_threshold", *options)
    assert report["matched_row_count"] == report["listed_row_count"] + report["removed_row_count"] > 0
    assert report["is_new"]
    shown = maidian("--lang", "zh", "export", "near_threshold", *options, "--format", "xlsx").stdout
    assert f"{report['matched_row_count']} 行 匹配" in shown
    assert "未重复记录" in shown
    assert len(list((tmp_path / "out").iterdir())) == 6
