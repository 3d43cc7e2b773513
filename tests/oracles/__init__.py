"""What each table must hold, written from its definition alone: slow, obvious, sharing no code with the jobs.

Each module has `expected(tables, day)`: Arrow tables by name in, the rows of that day out, without the partition
column, in the order of the key.
"""
