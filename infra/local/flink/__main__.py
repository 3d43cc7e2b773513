"""A cluster from the command line.

python -m infra.local.flink start --folder build/flink [--task-managers 2]
python -m infra.local.flink kill taskmanager-1 --folder build/flink
python -m infra.local.flink stop --folder build/flink
"""

import argparse
import shlex
import sys
from pathlib import Path

from infra.local.flink.cluster import SessionCluster
from infra.local.jars import JarsError, missing_programs
from infra.local.process import StartError


def main() -> int:
    """Start, stop or kill; the exit code is 1 when that fails."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.flink", description="A Flink cluster, for trials.")
    parser.add_argument("action", choices=["start", "stop", "kill"])
    parser.add_argument("part", nargs="?", help="what to kill: jobmanager, taskmanager-1, worker-pool-1, job-server …")
    parser.add_argument("--folder", type=Path, default=Path("build/flink"), help="all that it writes")
    parser.add_argument("--task-managers", type=int, default=2)
    given = parser.parse_args()
    if missing := missing_programs():
        sys.stderr.write(f"install {' and '.join(missing)} first\n")
        return 1
    cluster = SessionCluster(given.folder.resolve(), given.task_managers)
    try:
        if given.action == "start":
            cluster.start()
            sys.stdout.write(
                f"{cluster.rest_address} is ready; options for Beam:\n{shlex.join(cluster.beam_arguments)}\n"
            )
        elif given.action == "stop":
            cluster.stop()
        elif given.part in cluster.processes:
            cluster.kill(given.part)
        else:
            parser.error(f"name what to kill: {', '.join(cluster.processes)}")
    except (StartError, JarsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
