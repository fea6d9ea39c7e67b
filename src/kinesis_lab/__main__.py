"""`python -m kinesis_lab`: the same as the command `kinesis-lab`."""

import sys

from kinesis_lab.commands import main

if __name__ == "__main__":
    sys.exit(main())
