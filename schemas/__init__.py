"""What data looks like and where it lives: the event contract, the tables, the lake."""
