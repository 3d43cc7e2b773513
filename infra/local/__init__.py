"""A real Kafka and a real Flink on this machine, without containers: for tests, benchmarks and trying things out."""
