"""Telling somebody that a command failed: a web hook that is posted to, or a command that is run.

What is told is one JSON object: command, exit_code, message, place, host, at. A notice that cannot be given is one more
line on stderr; the exit code stays that of the failure. What kills the process outright (kill -9, a power cut) tells
nobody: let the scheduler watch for that too.
"""

import os
import socket
import subprocess
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from maidian.failures import Failure
from schemas.lake.place import LakePlace

# A chat's or pager's server that takes longer is down; the failure must not hang in its turn.
LONGEST_SECONDS = 20


def give_notice(target: str, command: str, failure: Failure, place: LakePlace | None) -> None:
    """Post the failure to `target` when that is an http(s) address, else run it as a shell command that reads it."""
    notice = msgspec.json.encode(
        {
            "command": command,
            "exit_code": failure.exit_code,
            "message": failure.message,
            "place": str(place.absolute() if isinstance(place, Path) else place) if place else None,
            "host": socket.gethostname(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
    try:
        if target.startswith(("http://", "https://")):
            _post(target, notice)
        else:
            _run(target, notice)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        click.echo(f"warning: nobody could be told of the failure ({reason}); check --on-failure", err=True)


def _post(address: str, notice: bytes) -> None:
    request = urllib.request.Request(address, notice, {"Content-Type": "application/json"})  # noqa: S310 http(s) alone
    with urllib.request.urlopen(request, timeout=LONGEST_SECONDS):  # noqa: S310 as above
        pass


def _run(command: str, notice: bytes) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name != "MAIDIAN_ON_FAILURE"
    }  # or it may call itself
    subprocess.run(  # noqa: S602 the person's own shell command, as in a crontab
        command,
        shell=True,
        input=notice,
        timeout=LONGEST_SECONDS,
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
