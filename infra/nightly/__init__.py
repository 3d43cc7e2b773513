"""One night of maidian, for each scheduler."""
