"""Beam's worker pool on one address, for one task manager: what that asks for runs in threads of this process.

python -m infra.local.flink.worker_pool ADDRESS:PORT FOLDER

Beam's own `worker_pool_main` listens on all addresses, so one machine cannot hold a pool for each task manager; and two
task managers that share a pool stop each other's workers, for both call theirs by the same name. It also starts a Python
process for every Flink job, which costs seconds; this one has imported everything after its first.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer

from infra.local.flink.settings import POOL_READY_LINE


def main(address: str) -> None:
    """Serve for ever."""
    server = grpc.server(ThreadPoolExecutor(8))
    pool = BeamFnExternalWorkerPoolServicer(use_process=False, data_buffer_time_limit_ms=-1)
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    server.add_insecure_port(address)
    server.start()
    sys.stdout.write(f"{POOL_READY_LINE} {address}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
