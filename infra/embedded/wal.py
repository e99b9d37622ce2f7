"""SQLite's write-ahead log for a file that several processes may make at once."""

import sqlite3
import time


def into_wal(db: sqlite3.Connection, patience: float) -> None:
    """Lets readers never wait for the writer. Raises sqlite3.OperationalError after `patience` seconds.

    Two that change the same new file do not wait for each other in SQLite, whatever its own time-out is.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
