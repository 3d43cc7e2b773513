"""How events get into the lake: imports of files, ingest, the demo generator, replay of rejects."""
