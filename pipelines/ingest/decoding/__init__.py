"""A block of landing to rows and rejects: decode.py is the way in, proven_lines the fast path, exact_line the other."""
