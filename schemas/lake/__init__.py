"""Where the tables live: one folder a lake, snapshots a table, and what keeps readers and writers apart."""
