"""The collector against the same ASGI server that reads the body, answers 200 and stores nothing.

    python -m benchmarks.collector [--seconds 10] [--rounds 3] [--connections 64] [--load wrk]

Both run two worker processes on loopback and share the machine's cores with the load generator: `wrk`, `oha`, `hey` or
`ab`, whichever is installed. Requests bring ten events, about 4.5 kB; the collector writes and fsyncs them before it
answers. Rounds are interleaved, and the ratio is of the medians, so that a busy machine troubles both alike. CPU is that
of the servers, per request. `--seconds 600 --rounds 1 --only collector` watches memory for ten minutes.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AIM = 0.5
EVENTS_A_REQUEST = 10
KEY = "benchmark-key"
WORKERS = 2
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def body() -> bytes:
    """Ten events as a shop's page sends them."""
    return json.dumps(
        [
            {
                "event_id": f"0190f0a0-1111-7000-8000-{n:012d}",
                "event_type": "view",
                "occurred_at": "2026-11-20T09:30:00.123+08:00",
                "sent_at": "2026-11-20T09:30:01+08:00",
                "customer_id": f"C{n:05d}",
                "buyer_id": "B1",
                "anonymous_id": f"device-{n}",
                "session_id": f"session-{n}",
                "channel": "web",
                "sku_id": f"YP{n:06d}",
                "price": "12.50",
                "category_id": "K12",
                "dwell_seconds": 7,
                "source": "search",
                "properties": {"page": "/products/YP100234", "title": "阿莫西林胶囊 0.25g*24"},
            }
            for n in range(EVENTS_A_REQUEST)
        ],
        ensure_ascii=False,
    ).encode()


async def nothing_kept(_scope: Any, receive: Any, send: Any) -> None:
    """The peer: read, answer 200."""
    while (await receive())["more_body"]:
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"15")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"received":10}'})


def serve_nothing(port: int) -> None:
    """The peer's processes: workers of uvicorn as it is, each on a socket of its own as the collector's."""
    import uvicorn

    from pipelines.collector.server import listen

    listeners = listen("127.0.0.1", port, WORKERS)
    number = next((each for each in range(1, WORKERS) if os.fork() == 0), 0)
    for each in listeners:
        if each is not listeners[number]:
            each.close()
    config = uvicorn.Config(
        nothing_kept,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listeners[number]])


@dataclass(frozen=True)
class Measured:
    """One round."""

    requests_a_second: float
    p50_ms: float
    p99_ms: float
    cpu_us_a_request: float
    failed_count: int


@contextmanager
def running(name: str, port: int, folder: Path) -> Iterator[int]:
    """Start a contender; its process id."""
    if name == "collector":
        (folder / "collector.toml").write_text(f'[sources.web]\nwrite_keys = ["{KEY}"]\n')
        command = ["-m", "maidian", "collect", "--lake", str(folder), "--port", str(port), "--workers", str(WORKERS)]
    else:
        command = ["-m", "benchmarks.collector", "--serve-nothing", str(port)]
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(port)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def wait_for(port: int) -> None:
    """Until it listens."""
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def load_command(tool: str, url: str, seconds: int, connections: int, folder: Path) -> list[str]:
    """How each generator is asked for the same."""
    payload = folder / "body.json"
    payload.write_bytes(body())
    script = folder / "post.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.headers["X-Write-Key"] = "{KEY}"\nwrk.headers["Content-Type"] = "application/json"\n'
        f'local file = io.open("{payload}", "rb")\nwrk.body = file:read("*all")\nfile:close()\n'
    )
    key = f"X-Write-Key: {KEY}"
    return {
        "wrk": ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(script), url],
        "oha": ["oha", "--no-tui", "-z", f"{seconds}s", "-c", str(connections), "-m", "POST", "-H", key, "-D", str(payload), url],
        "hey": ["hey", "-z", f"{seconds}s", "-c", str(connections), "-m", "POST", "-H", key, "-D", str(payload), url],
        "ab": ["ab", "-k", "-t", str(seconds), "-n", "100000000", "-c", str(connections), "-p", str(payload), "-H", key, url],
    }[tool]  # fmt: skip


def parse(tool: str, text: str) -> tuple[float, float, float, int]:
    """Requests a second, p50 and p99 in milliseconds, and failures, of a generator's report."""

    def number(pattern: str) -> float:
        found = re.search(pattern, text)
        return float(found[1]) if found else 0.0

    def milliseconds(pattern: str) -> float:
        found = re.search(pattern, text)
        if not found:
            return 0.0
        return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "secs": 1000.0, "sec": 1000.0}[found[2]]

    if tool == "wrk":
        failed = number(r"Non-2xx or 3xx responses: (\d+)") + sum(
            map(int, re.findall(r"(?:connect|read|write) (\d+)", text))
        )
        return (
            number(r"Requests/sec:\s+([\d.]+)"),
            milliseconds(r"50%\s+([\d.]+)(\w+)"),
            milliseconds(r"99%\s+([\d.]+)(\w+)"),
            int(failed),
        )
    if tool == "ab":
        failed = number(r"Failed requests:\s+(\d+)") + number(r"Non-2xx responses:\s+(\d+)")
        return number(r"Requests per second:\s+([\d.]+)"), number(r"50%\s+(\d+)"), number(r"99%\s+(\d+)"), int(failed)
    rate = number(r"Requests/sec:\s+([\d.]+)")
    failed = sum(int(count) for status, count in re.findall(r"\[(\d+)\]\s+(\d+) responses", text) if status != "200")
    return rate, milliseconds(r"50\S*% in ([\d.]+) (\w+)"), milliseconds(r"99\S*% in ([\d.]+) (\w+)"), failed


def processes_of(process: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *map(int, children)]


def cpu_seconds(process: int) -> float:
    """What a contender has used so far."""
    total = 0
    for each in processes_of(process):
        fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_A_SECOND


def resident_mib(process: int) -> float:
    """Memory of all workers."""
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in processes_of(process))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(tool: str, process: int, port: int, seconds: int, connections: int, folder: Path) -> Measured:
    """One round of load."""
    command = load_command(tool, f"http://127.0.0.1:{port}/v1/events", seconds, connections, folder)
    before = cpu_seconds(process)
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(process) - before
    rate, p50, p99, failed = parse(tool, report)
    return Measured(rate, p50, p99, used / max(rate * seconds, 1) * 1e6, failed)


@contextmanager
def watched_memory(process: int, every_seconds: float) -> Iterator[list[float]]:
    """Memory of a contender, now and then."""
    seen = [resident_mib(process)]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(every_seconds):
            seen.append(resident_mib(process))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def compare(arguments: argparse.Namespace, tool: str) -> None:
    """Measure and print."""
    names = [arguments.only] if arguments.only else ["nothing kept", "collector"]
    rounds: dict[str, list[Measured]] = {name: [] for name in names}
    memory: list[float] = []
    print(f"{tool}, {arguments.connections} connections, {arguments.seconds} s a round, {len(body()):,} B a request")
    for number in range(arguments.rounds):
        for index, name in enumerate(names):
            with tempfile.TemporaryDirectory(prefix="collector-", dir=arguments.folder) as folder:
                port = arguments.port + index
                with running(name, port, Path(folder)) as process:
                    measure(tool, process, port, 1, arguments.connections, Path(folder))  # warm
                    with watched_memory(process, max(arguments.seconds / 20, 1)) as seen:
                        one = measure(tool, process, port, arguments.seconds, arguments.connections, Path(folder))
            rounds[name].append(one)
            if name == "collector":
                memory = seen
            print(
                f"  round {number + 1} {name:<13} {one.requests_a_second:>8,.0f} requests/s  p50 {one.p50_ms:6.1f} ms  "
                f"p99 {one.p99_ms:7.1f} ms  CPU {one.cpu_us_a_request:4.0f} us a request  failed {one.failed_count}"
            )
    medians = {name: statistics.median(each.requests_a_second for each in rounds[name]) for name in names}
    for name, median in medians.items():
        print(f"{name:<13} {median:>8,.0f} requests/s  {median * EVENTS_A_REQUEST:>9,.0f} events/s")
    if memory:
        print("memory of the collector, MiB: " + " ".join(f"{each:.0f}" for each in memory))
    if len(medians) == 2:
        ratio = medians["collector"] / medians["nothing kept"]
        print(f"ratio {ratio:.2f}; the aim of {AIM} is {'met' if ratio >= AIM else 'not met'}")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--load", choices=["wrk", "oha", "hey", "ab"])
    parser.add_argument("--only", choices=["collector", "nothing kept"])
    parser.add_argument("--port", type=int, default=18_080)
    parser.add_argument(
        "--folder", type=Path, help="where landing is written; by default the folder of temporary files"
    )
    parser.add_argument("--serve-nothing", type=int, metavar="PORT", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve_nothing:
        serve_nothing(arguments.serve_nothing)
        return
    tool = arguments.load or next((each for each in ("wrk", "oha", "hey", "ab") if shutil.which(each)), None)
    if tool is None:
        print("no load generator: install wrk, oha, hey or ab; nothing was measured")
        return
    compare(arguments, tool)


if __name__ == "__main__":
    main()
