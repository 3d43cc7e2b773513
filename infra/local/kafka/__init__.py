"""One Kafka broker (KRaft, its own controller) as a process of this machine."""
