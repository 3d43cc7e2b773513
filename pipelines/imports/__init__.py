"""`maidian import`: files in other shapes, turned into the event contract by a small mapping, into the landing."""
