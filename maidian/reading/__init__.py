"""Reading the tables: as lazy frames, and as views of an SQL database."""
