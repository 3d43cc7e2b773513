"""A partition of a topic as a segment of the landing: how it is named in progress, manifests and the rejects table."""

from dataclasses import dataclass

PREFIX = "kafka/"
"""No file is named like this: their names end in .ndjson or .jsonl, these in a number."""


@dataclass(frozen=True, order=True)
class TopicSegment:
    """`topic_id` is the cluster's own name for the topic: a topic that is deleted and created anew has another one."""

    topic: str
    topic_id: str
    partition: int

    @property
    def name(self) -> str:
        """kafka/<topic>/<topic id>/<partition>."""
        return f"{PREFIX}{self.topic}/{self.topic_id}/{self.partition}"

    def __str__(self) -> str:
        return f"topic {self.topic}, partition {self.partition}"


def parse_segment(name: str) -> TopicSegment:
    """The segment that has this name."""
    topic, topic_id, partition = name.removeprefix(PREFIX).split("/")
    return TopicSegment(topic, topic_id, int(partition))


def is_topic_segment(name: str) -> bool:
    """Whether it is a partition and no file."""
    return name.startswith(PREFIX) and name.rpartition("/")[2].isdigit()
