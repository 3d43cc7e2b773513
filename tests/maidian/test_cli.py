import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from maidian import __version__, cli
from maidian.options import lake_option
from schemas.errors import MaidianError, RefusedError, UsageError

COMMAND_FILES = Path(cli.__file__).parent / "commands"
HEAVY = {
    "apache_beam",
    "polars",
    "pyarrow",
    "duckdb",
    "great_expectations",
    "numpy",
    "pandas",
    "rich",
    "msgspec",
    "urllib.request",
    "uvicorn",
}


class Failing(cli.LazyGroup):
    """The real group with one command that raises what it is given."""

    error: BaseException

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        @click.command()
        @lake_option
        def command(lake: Path) -> None:
            raise self.error

        return command


def run_failing(error: BaseException, *options: str) -> Result:
    group = Failing(params=cli.cli.params, callback=cli.cli.callback)
    group.error = error
    return CliRunner().invoke(group, [*options, "fail", "--lake", "shop"])


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "maidian", *arguments], capture_output=True, text=True, check=False)


def test_every_command_is_a_file_and_every_file_a_command() -> None:
    files = {path.stem for path in COMMAND_FILES.glob("*.py")} - {"__init__"}
    assert files == {entry.module for entry in cli.COMMANDS.values()}


def test_every_command_is_called_by_its_name() -> None:
    context = click.Context(cli.cli)
    for name in cli.COMMANDS:
        command = cli.cli.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys, maidian.cli as c; c.cli(['--help'], standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name, entry in cli.COMMANDS.items():
        assert name in done.stdout
        assert entry.help.split()[-1] in done.stdout
    assert HEAVY.isdisjoint(done.stderr.split())


def test_version() -> None:
    assert run("--version").stdout == f"maidian {__version__}\n"


def test_an_unknown_command_is_a_usage_error() -> None:
    done = run("ingets")
    assert done.returncode == 2
    assert "No such command 'ingets'" in done.stderr


@pytest.mark.parametrize(("kind", "code"), [(MaidianError, 1), (UsageError, 2), (RefusedError, 3)])
def test_our_errors_are_one_line_and_their_exit_code(kind: type[MaidianError], code: int) -> None:
    result = run_failing(kind("lake: another run holds the lock; wait for it"))
    assert (result.exit_code, result.stderr) == (code, "error: lake: another run holds the lock; wait for it\n")


def test_a_machine_error_without_a_path_names_the_lake() -> None:
    result = run_failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert result.exit_code == 1
    assert result.stderr.startswith("error: shop: no space left on the disk;")
    assert result.stderr.count("\n") == 1


def test_a_bug_is_one_line_and_says_how_to_see_more() -> None:
    result = run_failing(KeyError("sku_id"))
    assert result.exit_code == 1
    assert result.stderr == "error: internal: KeyError: 'sku_id' (run with --debug for the traceback)\n"


def test_debug_raises() -> None:
    error = UsageError("no such column")
    assert run_failing(error, "--debug").exception is error


def test_a_failure_in_json_is_one_record() -> None:
    record = json.loads(run_failing(RefusedError("events: 3 nulls"), "--log-format", "json").stderr)
    assert (record["level"], record["message"]) == ("error", "events: 3 nulls")


def test_an_interrupt_is_quiet() -> None:
    result = run_failing(KeyboardInterrupt())
    assert (result.exit_code, result.output) == (130, "")


def test_a_reader_that_leaves_is_no_error() -> None:
    code = "import sys, time; time.sleep(0.5); from maidian.cli import main; sys.argv[1:] = ['--help']; main()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() in {1, 141}  # click's code when it meets the closed pipe first, else ours


def test_an_output_without_space_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "maidian", "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: standard output: no space left")
    assert done.stderr.count("\n") == 1


def test_ctrl_c_while_starting_is_quiet() -> None:
    code = (
        "import os, signal, click, maidian.cli as c\n"
        "c.cli.main = lambda **_: os.kill(os.getpid(), signal.SIGINT)\n"
        "c.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, "", "")
