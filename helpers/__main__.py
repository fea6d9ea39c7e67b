"""The commands of the workbook: python -m helpers --help.

This file must be understood by any Python there is, so that an old one says which version is needed
instead of showing a syntax error. Keep it plain.
"""

from __future__ import print_function

import sys

OLDEST = (3, 11)


def complaint(version):
    # type: (tuple[int, ...]) -> str
    """Say what is wrong with this Python version, or return an empty text."""
    if tuple(version[:2]) >= OLDEST:
        return ""
    return (
        "This workbook needs Python {}.{} or newer; this is Python {}.{}.\n"
        "Call a newer one by its name, for example: python3.12 -m helpers lab\n"
        "(on Windows: py -3.12 -m helpers lab). python.org has one for every system."
    ).format(OLDEST[0], OLDEST[1], version[0], version[1])


def main():
    # type: () -> int
    """Check the Python version, then do the job that was asked for."""
    wrong = complaint(tuple(sys.version_info[:3]))
    if wrong:
        print(wrong, file=sys.stderr)
        return 1
    from helpers import commands

    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
