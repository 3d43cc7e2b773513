"""A lake in an object store holds what a lake in a folder holds, to the byte, whatever is killed and whoever asks."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner, Result
from polars.testing import assert_frame_equal

from infra.local.process import free_ports
from maidian import open_table
from maidian.cli import cli
from schemas.lake.lake import create_lake, open_lake
from schemas.lake.place import LakePlace, StorePlace
from schemas.lake.snapshots import current_snapshot
from schemas.lake.storage.object_lake import client_of
from tests.end_to_end.commands import command_line, environment, maidian
from tests.object_store import ObjectStore, use_store

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generated")
    here("generate", "--events", 3_000, "--days", 4, "--seed", 11, "--out", out)
    return out / "landing"


@pytest.fixture(scope="module")
def folder_lake(landing: Path) -> Path:
    """All tables, in a folder."""
    lake = landing.parent / "lake"
    here("ingest", "--lake", lake, "--landing", landing)
    here("run", "--lake", lake)
    return lake


@pytest.fixture(scope="module")
def stored(object_store: ObjectStore, landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorePlace]:
    """All tables in the store, the first of them made by two machines that ran at once."""
    with pytest.MonkeyPatch.context() as patch:
        machines = [tmp_path_factory.mktemp("machine") for _ in range(3)]
        use_store(patch, object_store.url, machines[0])
        place = StorePlace(object_store.make_bucket(), "shops/one")
        here("ingest", "--lake", create_lake(place).name, "--landing", landing)
        both = [start(machine, "run", "--lake", place, "order_events") for machine in machines[1:]]
        ended = [(process.communicate(timeout=300)[1], process.returncode) for process in both]
        assert 0 in [code for _, code in ended], ended
        for errors, code in ended:  # each table has one winner; a loser says so in one line
            told = [line for line in errors.splitlines() if line.startswith("error: ")]
            assert (code, len(told)) in {(0, 0), (1, 1)}, ended
            assert all("changed while it was being rebuilt; run the command again" in line for line in told)
        here("run", "--lake", place)
        yield place


def contents(place: LakePlace) -> dict[str, dict[str, str]]:
    """By table and partition, what tells the bytes of its files."""
    lake = open_lake(place)
    manifests = {name: snapshot.manifest for name in lake.table_names() if (snapshot := current_snapshot(lake, name))}
    return {name: {day: part.fingerprint for day, part in one.partitions.items()} for name, one in manifests.items()}


def here(*arguments: object) -> Result:
    """Run one command in this process."""
    done = CliRunner().invoke(cli, [*map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done


def start(machine: Path, *arguments: object) -> subprocess.Popen[str]:
    """Start one command as a process, where `machine` is the machine's own folder."""
    return subprocess.Popen(
        command_line(*arguments),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment(), "MAIDIAN_WORK": str(machine)},
        start_new_session=True,
    )


@pytest.mark.ci
def test_tables_equal_those_of_a_folder_to_the_byte_and_open_row_for_row(folder_lake: Path, stored: StorePlace) -> None:
    assert contents(stored) == contents(folder_lake)
    for table in open_lake(stored).table_names():
        assert_frame_equal(open_table(table, str(stored)).collect(), open_table(table, folder_lake).collect())


@pytest.mark.ci
def test_a_lookup_a_report_and_a_list_are_those_of_a_folder(
    folder_lake: Path, stored: StorePlace, tmp_path: Path
) -> None:
    best = open_table("sku_viewers", folder_lake).sort("score", "customer_id", "sku_id").tail(1).collect()
    for kind in ("customer", "sku"):
        asked = [
            json.loads(here("lookup", "--lake", lake, kind, best[f"{kind}_id"].item(), "--json").stdout)
            for lake in (stored, folder_lake)
        ]
        assert asked[0] == asked[1]
    here("report", "--lake", stored, "--out", tmp_path / "report.html")
    assert "<svg" in (tmp_path / "report.html").read_text()
    lists = []
    for lake, out in ((stored, tmp_path / "there"), (folder_lake, tmp_path / "here")):
        here("export", "near_threshold", "--on", "2026-11-21", "--lake", lake, "--out", out)
        lists.append(
            [path.read_text().splitlines()[1:] for path in sorted(out.glob("*.csv"), key=lambda one: len(one.name))]
        )
    assert lists[0] == lists[1]
    assert sum(map(len, lists[0])) > 0
    logged = here("sql", "--lake", stored, "-c", "SELECT DISTINCT audience FROM export_log", "--format", "csv")
    assert logged.stdout.splitlines() == ["audience", "near_threshold"]


@pytest.mark.slow
def test_kills_leave_no_trace_on_a_machine_that_has_nothing_of_them(
    landing: Path, folder_lake: Path, store_place: StorePlace, tmp_path: Path
) -> None:
    chosen = random.Random(5)
    create_lake(store_place)
    for arguments in (
        ("ingest", "--lake", store_place, "--landing", landing),
        ("run", "--lake", store_place, "order_lines"),
    ):
        process = start(tmp_path / "killed", *arguments)
        time.sleep(chosen.uniform(2.0, 8.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        here(*arguments)
    made = contents(store_place)
    assert "order_lines" in made
    assert made == {table: days for table, days in contents(folder_lake).items() if table in made}
    # Garbage of the dead is collected once it is old, and nothing that a manifest names, ever.
    here("gc", "--lake", store_place, "--keep", 1, "--min-age", "0d")
    lake = open_lake(store_place)
    named = {str(file) for table in made for file in lake.tables.current(table).files()}  # type: ignore[union-attr]
    assert named <= {f"{store_place}/{one.key}" for one in client_of(store_place).list_all("")}


@pytest.mark.ci
def test_keys_that_the_store_does_not_know_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that checks signatures and rights, from its fourth request on."""
    store = ObjectStore(tmp_path / "strict", *free_ports(1), INITIAL_NO_AUTH_ACTION_COUNT="4")
    store.start()
    try:
        use_store(monkeypatch, store.url, tmp_path / "work", "first", "first")
        iam = boto3.client("iam", endpoint_url=store.url, region_name="us-east-1")
        iam.create_user(UserName="night")
        key = iam.create_access_key(UserName="night")["AccessKey"]
        rights = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        iam.put_user_policy(UserName="night", PolicyName="lake", PolicyDocument=json.dumps(rights))
        place = f"s3://{store.make_bucket()}/shop"
        for key_id, secret, message in (
            (key["AccessKeyId"], "another", "SignatureDoesNotMatch"),
            ("another", key["SecretAccessKey"], "InvalidAccessKeyId"),
        ):
            use_store(monkeypatch, store.url, tmp_path / "work", key_id, secret)
            failed = maidian("init", "--lake", place, check=False)
            assert (failed.returncode, failed.stderr.count("\n")) == (2, 1), failed.stderr
            assert f"does not let these keys at {place} ({message}); check AWS_ACCESS_KEY_ID" in failed.stderr
        use_store(monkeypatch, store.url, tmp_path / "work", key["AccessKeyId"], key["SecretAccessKey"])
        assert "created a lake" in maidian("init", "--lake", place).stdout
    finally:
        store.stop()
