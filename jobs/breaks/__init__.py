"""Natural breaks: cutting a range of amounts where few lie."""
