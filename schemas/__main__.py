"""`python -m schemas update` writes schemas and lock after a message changed; `python -m schemas check` only looks."""

import sys

from domain.catalogue import CATALOGUE
from schemas.release import Refused, check, update

REFUSED = """Nothing was changed. Keep the released form, or add a new type and an upcaster for the old one.
A version that was never released can be taken back: restore schemas/lock.json as it was released, then update."""
USAGE = "Say `python -m schemas update` or `python -m schemas check`."


def main(arguments: list[str]) -> int:
    """The exit status: 0 done, 1 refused or in disagreement, 2 not understood."""
    match arguments:
        case ["update"]:
            try:
                changes = update(CATALOGUE)
            except Refused as refused:
                print(f"{refused}\n{REFUSED}")
                return 1
            print("\n".join(changes) or "Nothing has changed.")
            return 0
        case ["check"]:
            problems = check(CATALOGUE)
            print("\n".join([*problems, "Run `python -m schemas update`."]) if problems else "All agree.")
            return 1 if problems else 0
        case _:
            print(USAGE, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
