"""How a process begins: quickly, for after a crash people wait for it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """For what stays as long as the process does: nobody looks for garbage in it, now or later.

    Of the time that modules take to load, the collector's is a fifth.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
