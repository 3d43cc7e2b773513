"""A broker from the command line.

python -m infra.local.kafka start --folder build/kafka [--port 9092] [--set log.retention.ms=60000]
python -m infra.local.kafka stop --folder build/kafka
"""

import argparse
import sys
from pathlib import Path

from infra.local.jars import JarsError, missing_programs
from infra.local.kafka.broker import Broker
from infra.local.process import StartError, free_ports


def main() -> int:
    """Start or stop; the exit code is 1 when that fails."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.kafka", description="One Kafka broker, for trials.")
    parser.add_argument("action", choices=["start", "stop", "kill"])
    parser.add_argument("--folder", type=Path, default=Path("build/kafka"), help="all that it writes")
    parser.add_argument("--port", type=int, default=9092)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the broker")
    given = parser.parse_args()
    if missing := missing_programs():
        sys.stderr.write(f"install {' and '.join(missing)} first\n")
        return 1
    properties = dict(each.split("=", 1) for each in given.set)
    broker = Broker(given.folder.resolve(), given.port, free_ports(1)[0], properties)
    try:
        if given.action == "start":
            broker.start()
            sys.stdout.write(f"{broker.bootstrap} is ready; its log is {broker.folder / 'server.log'}\n")
        elif given.action == "stop":
            broker.stop()
        else:
            broker.kill()
    except (StartError, JarsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
