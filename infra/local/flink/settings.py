"""The settings of the cluster's parts: small, for a machine that does other work too."""

from collections.abc import Mapping

POOL_READY_LINE = "the worker pool listens on"

# Little memory, and no long compiling: Java only moves references to data; the work is done in Python's processes.
JAVA_OPTIONS = ("-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

# What Flink's own start scripts open on Java 17.
OPENED = (
    *("java.base/java.lang", "java.base/java.net", "java.base/java.io", "java.base/java.nio", "java.base/sun.nio.ch"),
    *("java.base/java.lang.reflect", "java.base/java.text", "java.base/java.time", "java.base/java.util"),
    *("java.base/java.util.concurrent", "java.base/java.util.concurrent.atomic"),
    "java.base/java.util.concurrent.locks",
)

# Outside containers a task manager is told each of its parts of memory; its start scripts would work them out.
MEMORY = {
    "taskmanager.cpu.cores": "1.0",
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "128m",
    "taskmanager.memory.task.heap.size": "256m",
    "taskmanager.memory.task.off-heap.size": "0m",
    "taskmanager.memory.network.min": "64m",
    "taskmanager.memory.network.max": "64m",
    "taskmanager.memory.managed.size": "64m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "192m",
    "taskmanager.memory.jvm-overhead.max": "192m",
}

RECOVERY = {
    # A task manager that was killed is noticed in seconds, and its work is done again by whoever is there. Tries last longer
    # than whoever watches over a worker pool needs to start it again.
    "heartbeat.interval": "1000",
    "heartbeat.timeout": "5000",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "3",
    "restart-strategy.fixed-delay.delay": "5 s",
}


def flink_settings(own: Mapping[str, str]) -> str:
    """The text of config.yaml."""
    return "".join(f"{name}: {value}\n" for name, value in {**MEMORY, **RECOVERY, **own}.items())
