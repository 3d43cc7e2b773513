"""Where published tables lie: in a folder of a file system, or in an object store. All else of a lake asks `Tables`."""
