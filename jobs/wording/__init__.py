"""How the words of a query are made comparable; used by several jobs, and no job itself."""
