"""The entry point of the `septet` command."""

import os

from septet.loading import loading


def main() -> None:
    """Runs the command; what it writes to disk is its owner's alone, whatever the shell says."""
    os.umask(0o077)
    with loading():
        from septet import commandline
    commandline.run_command()


if __name__ == "__main__":
    main()
