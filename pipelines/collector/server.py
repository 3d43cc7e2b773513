"""Several worker processes on one port, and the supervisor that starts them anew when they die.

Each worker has a listening socket of its own (SO_REUSEPORT), among which the kernel spreads connections: with one for all
of them, whichever wakes first would take every connection that waits. The supervisor holds the sockets too, so what
waits at one whose worker died is answered by the next worker.

The supervisor forks, so it must not have started a thread or imported Polars before. It holds the one end of a pipe
whose other end every worker watches: however the supervisor dies, its workers finish their requests and end too, and the
port is free for the next collector.
"""

import errno
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import msgspec

from pipelines.collector.settings import CollectorSettings
from pipelines.collector.worker import Blueprint, run_worker, share
from schemas.errors import MaidianError, UsageError

log = logging.getLogger(__name__)

_WATCHED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
BIND_SECONDS = 3.0  # the workers of a collector that was killed a moment ago need a little to let go of the port
RESTART_SECONDS = 1.0  # least time between two starts of one worker, so that one that cannot start takes no whole core
STOP_SECONDS = 15.0  # for workers to finish; after that they are killed, and the next collector finishes their segments


def listen(host: str, port: int, count: int) -> list[socket.socket]:
    """Listening sockets on one port. UsageError when the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise UsageError(f"host {host!r} is no address to listen on: {error.strerror}") from None
    give_up_at = time.monotonic() + BIND_SECONDS
    while True:
        try:
            # Sockets that share a port would share it with another collector's too; one that does not is told.
            with _bound(family, address) as alone:
                address = alone.getsockname()  # with the port that was found for 0
            return [_listening(family, address) for _ in range(count)]
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > give_up_at:
                raise UsageError(
                    f"cannot listen on {host} port {port}: {error.strerror}; stop what uses it, or give another --port"
                ) from None
            time.sleep(0.1)


def _bound(family: int, address: Any, *more_options: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        for option in (socket.SO_REUSEADDR, *more_options):
            bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _listening(family: int, address: Any) -> socket.socket:
    listener = _bound(family, address, socket.SO_REUSEPORT)
    # Answers are small and their clients wait for them.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.listen(2048)
    listener.setblocking(False)
    return listener


def serve(
    blueprint: Blueprint,
    listeners: Sequence[socket.socket],
    on_ready: Callable[[], None],
    renew: Callable[[], Blueprint],
) -> None:
    """Run a worker on each socket until SIGTERM or SIGINT; returns when all of them have ended.

    `renew` reads the settings again, at SIGHUP; a MaidianError of it is logged, and everything stays as it was.
    """
    _Supervisor(blueprint, listeners, renew).run(on_ready)


class _Supervisor:
    def __init__(
        self, blueprint: Blueprint, listeners: Sequence[socket.socket], renew: Callable[[], Blueprint]
    ) -> None:
        self._blueprint = blueprint
        self._listeners = listeners
        self._renew = renew
        self._workers: dict[int, int] = {}
        """Process by worker number."""
        self._started_at: dict[int, float] = {}
        self._life_line, self._life_end = os.pipe()
        self._shared = share(blueprint.settings)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start the workers and keep them running."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        try:
            self._keep_running(on_ready)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _keep_running(self, on_ready: Callable[[], None]) -> None:
        for number in range(len(self._listeners)):
            self._start(number)
        on_ready()
        while True:
            received = signal.sigtimedwait(_WATCHED, RESTART_SECONDS)
            if received is not None and received.si_signo in (signal.SIGTERM, signal.SIGINT):
                self._stop()
                return
            if received is not None and received.si_signo == signal.SIGHUP:
                self._take_over()
            self._reap()
            for number in range(len(self._listeners)):
                if number not in self._workers and time.monotonic() - self._started_at[number] > RESTART_SECONDS:
                    self._start(number)

    def _start(self, number: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._started_at[number] = time.monotonic()
        process = os.fork()
        if process == 0:
            self._be_worker(number)
        self._workers[number] = process

    def _be_worker(self, number: int) -> NoReturn:
        """In the child: serve, and never return into the supervisor's code."""
        exit_code = 1
        try:
            os.close(self._life_end)
            for each in self._listeners:
                if each is not self._listeners[number]:  # else the kernel would go on sending connections to it
                    each.close()
            self._shared.take_part(number)
            run_worker(self._blueprint, self._listeners[number], self._shared, self._life_line)
            exit_code = 0
        except MaidianError as error:
            log.error("worker %d cannot run: %s", number, error)  # noqa: TRY400 -- one line, as of every such error
        except BaseException:
            log.exception("worker %d failed", number)
        finally:
            logging.shutdown()
            os._exit(exit_code)

    def _reap(self) -> None:
        """Take note of workers that ended."""
        for number, process in list(self._workers.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                del self._workers[number]
                log.error("worker %d (process %d) %s; starting another", number, process, _ending(status))

    def _take_over(self) -> None:
        """Read the settings again; then one worker after the other ends and starts anew.

        What is sent to one meanwhile waits at its socket, and the others answer.
        """
        try:
            new = self._renew()
        except MaidianError as error:
            for line in str(error).splitlines():
                log.error("%s", line)  # noqa: TRY400 -- one line, as of every such error
            log.error("the collector goes on with the settings it has")  # noqa: TRY400
            return
        old, settings = self._blueprint.settings, new.settings
        fixed = {"host": old.host, "port": old.port, "workers": old.workers}
        for name, value in fixed.items():
            if getattr(settings, name) != value:
                log.warning("another value of %s counts from the next start of the collector", name)
        self._blueprint = replace(new, settings=msgspec.structs.replace(settings, **fixed))
        if _keys_of(old) != _keys_of(settings):  # counts are laid out by sources and keys; these begin at 0
            self._shared = share(self._blueprint.settings)
        for number in range(len(self._listeners)):
            self._end([number])
            self._start(number)
        log.warning("the settings were read again")

    def _stop(self) -> None:
        """Tell every worker to finish, and wait."""
        for listener in self._listeners:
            listener.close()
        self._end(list(self._workers))

    def _end(self, numbers: Sequence[int]) -> None:
        """Have workers finish; one that takes too long is killed."""
        ending = {number: self._workers.pop(number) for number in numbers if number in self._workers}
        for process in ending.values():
            os.kill(process, signal.SIGTERM)
        give_up_at = time.monotonic() + STOP_SECONDS
        is_killed = False
        while ending:
            for number, process in list(ending.items()):
                ended, _status = os.waitpid(process, os.WNOHANG)
                if ended:
                    del ending[number]
            if ending and time.monotonic() > give_up_at and not is_killed:
                is_killed = True
                for number, process in ending.items():
                    log.error("worker %d (process %d) did not finish in time and is killed", number, process)
                    os.kill(process, signal.SIGKILL)
            if ending:
                signal.sigtimedwait({signal.SIGCHLD}, 0.1)


def _keys_of(settings: CollectorSettings) -> list[tuple[str, int]]:
    """The sources in their order, and how many keys each has."""
    return [(name, len(source.write_keys)) for name, source in settings.sources.items()]


def _ending(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"was killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"ended with exit code {os.waitstatus_to_exitcode(status)}"
