"""The few odd ones among many that can be looked at together."""

from collections.abc import Callable


def find_odd(count: int, at_once: int, are_even: Callable[[int, int], bool]) -> list[int]:
    """Which of `count` things are odd, in order: by a look at many, then at each half of those that are not even."""
    odd = []
    waiting = [(first, min(first + at_once, count)) for first in range(0, count, at_once)][::-1]
    while waiting:
        first, end = waiting.pop()
        if not are_even(first, end):
            middle = (first + end) // 2
            if middle == first:
                odd.append(first)
            else:
                waiting += [(middle, end), (first, middle)]
    return odd
