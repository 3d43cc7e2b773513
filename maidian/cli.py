"""The `maidian` command: a table of commands, each imported only when it is called, and the one place that catches.

Every failure a person or a machine can cause ends here as one line on stderr and an exit code: 0 done, 1 our fault or
the machine's, 2 usage, 3 data refused by the audit.
"""

import importlib
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from maidian import __version__
from maidian.failures import BROKEN_PIPE_EXIT_CODE, INTERRUPTED_EXIT_CODE, explain_failure
from maidian.logs import configure_logging
from maidian.options import PLACE, Preferences
from schemas.lake.storage.object_client import StoreError, WrongStoreError


class Entry(NamedTuple):
    """A command without its code: the module of `maidian.commands` that holds it, and its line in `--help`."""

    module: str
    help: str


# In the order a person meets them, which is the order of --help.
COMMANDS = {
    "demo": Entry("demo", "Make up a wholesaler and take it from raw events to every table."),
    "init": Entry("init", "Create a lake and fix its time zone."),
    "collect": Entry("collect", "Take events in over HTTP from tracking clients."),
    "import": Entry("import_", "Map files of other shapes into landing."),
    "generate": Entry("generate", "Write the events of a made-up wholesaler, with the truth beside them."),
    "ingest": Entry("ingest", "Take landing in: events and rejects."),
    "replay": Entry("replay", "Write rejects out for repair, and take the repaired lines back."),
    "run": Entry("run", "Rebuild every dirty day of every table."),
    "backfill": Entry("backfill", "Rebuild a range of days whether dirty or not."),
    "settings": Entry("settings", "Print the settings in force, as the TOML file that sets them."),
    "status": Entry("status", "Show each table's newest day, rows, dirty days and last run."),
    "audit": Entry("audit", "Show what the last audit of each table found."),
    "lookup": Entry("lookup", "Look a customer, a product or a search term up."),
    "report": Entry("report", "Write one page about the shop, with charts."),
    "export": Entry("export", "Write a list for marketing: who is in it and why, who was removed and why."),
    "effect": Entry("effect", "Measure what a campaign brought, against those held out of it."),
    "sql": Entry("sql", "Ask in SQL: every table as a DuckDB view."),
    "rollback": Entry("rollback", "Point a table at an older snapshot."),
    "gc": Entry("gc", "Remove snapshots that nothing needs any more."),
}


class LazyGroup(click.Group):
    """Lists its commands from `COMMANDS` and imports one only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command, importing none."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = importlib.import_module(f"maidian.commands.{entry.module}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run one command; whatever it raises becomes one line and an exit code, unless --debug wants it raised."""
        preferences = Preferences(**ctx.params)
        ctx.obj = preferences
        # Before the command's module is imported: some libraries configure logging while they are.
        configure_logging(preferences)
        started_at = datetime.now(UTC)
        try:
            value = super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError) as end:
            code = getattr(end, "exit_code", 1)
            if code:  # --help ends with 0
                self._log(ctx, started_at, code, str(getattr(end, "message", "")))
            raise  # click's own ways of ending, and a reader that left: neither is a failure of the command
        except KeyboardInterrupt:
            self._log(ctx, started_at, INTERRUPTED_EXIT_CODE, "interrupted")
            sys.exit(INTERRUPTED_EXIT_CODE)
        except Exception as error:  # the last place that can turn a failure into a line
            if preferences.is_debug:
                raise
            failure = explain_failure(error, ctx.meta.get(PLACE))
            _say_error(failure.message, preferences)
            if preferences.on_failure:
                from maidian.failure_notice import give_notice

                give_notice(preferences.on_failure, ctx.invoked_subcommand or "", failure, ctx.meta.get(PLACE))
            if not isinstance(error, StoreError | WrongStoreError):  # nor would it take the note
                self._log(ctx, started_at, failure.exit_code, failure.message)
            sys.exit(failure.exit_code)
        self._log(ctx, started_at, 0, "")
        return value

    def _log(self, ctx: click.Context, started_at: datetime, exit_code: int, message: str) -> None:
        from maidian.command_log import log_command

        log_command(ctx, ctx.invoked_subcommand, started_at, exit_code, message)


def _say_error(message: str, preferences: Preferences) -> None:
    if preferences.log_format == "json":
        logging.getLogger("maidian").error(message)
    else:
        for line in message.splitlines():
            click.echo(f"error: {line}", err=True)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 our fault or the machine's, 2 usage, 3 data refused by the audit.",
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(["en", "zh"]),
    envvar="MAIDIAN_LANG",
    default="en",
    show_default=True,
    help="The language of tables and column names for people.",
)
@click.option("-v", "--verbose", "is_verbose", is_flag=True, help="Say on stderr what is being done.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    envvar="MAIDIAN_LOG_FORMAT",
    default="text",
    show_default=True,
    help="The form of what is logged on stderr.",
)
@click.option(
    "--on-failure",
    metavar="TARGET",
    envvar="MAIDIAN_ON_FAILURE",
    show_envvar=True,
    help="When the command fails, post what failed to this http(s) address, or run this shell command with it.",
)
@click.option("--debug", "is_debug", is_flag=True, help="Show the traceback of a failure.")
@click.version_option(__version__, prog_name="maidian", message="%(prog)s %(version)s")
def cli(**_: Any) -> None:
    """Buy-side behaviour tracking for B2B wholesale shops, from the first click to the list a marketer sends."""


def main() -> None:
    """Run the command line; the entry point of the installed `maidian`."""
    exit_code = 0
    try:
        try:
            cli.main(prog_name="maidian")
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        exit_code = INTERRUPTED_EXIT_CODE
    except BrokenPipeError:
        # The reader of our output is gone (`maidian status | head`). Python flushes stdout once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        exit_code = BROKEN_PIPE_EXIT_CODE
    except OSError as error:
        click.echo(f"error: {explain_failure(error, Path('standard output')).message}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        exit_code = 1
    sys.exit(exit_code)
