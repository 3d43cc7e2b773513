"""`python -m maidian`, the same as the `maidian` command."""

from maidian.cli import main

if __name__ == "__main__":
    main()
