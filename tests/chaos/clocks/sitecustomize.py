"""Every process of a storm loads this before anything else: a command processor's clock is off by what a file says."""

import os
import sys
import time

_folder = os.environ.get("SEPTET_CHAOS_CLOCKS", "")
_true = time.time_ns

if _folder and sys.orig_argv[-2:] == ["worker", "commands"]:
    _file = os.open(os.path.join(_folder, os.environ["SEPTET_SLOT"]), os.O_RDONLY)

    def _time_ns() -> int:
        return _true() + int(os.pread(_file, 32, 0))

    time.time_ns = _time_ns
