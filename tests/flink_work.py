"""What tests run on a cluster: in a module, so that its workers can import it."""

import os
import time
from collections.abc import Iterator
from typing import Any

import apache_beam as beam


class AppendProcess(beam.DoFn):
    """Write down which process had which element, and take some time over it."""

    def __init__(self, told: str, seconds: float) -> None:
        self.told = told
        self.seconds = seconds

    def process(self, element: Any) -> Iterator[tuple[int, str]]:
        with open(self.told, "a") as file:  # noqa: PTH123 - one write, appended whole
            file.write(f"{os.getpid()} {element if isinstance(element, int) else element[0]}\n")
        time.sleep(self.seconds)
        yield os.getpid(), str(element)
