"""The inside of an execution environment: a process of its own that imports a handler and calls it.

`__main__.py` runs in that process as a script.  The modules beside it use the standard library only and import each
other relatively, because `kinesis_lab` cannot be imported there.  They talk to the local cloud in frames over standard
input and output; what the handler prints goes to the file behind standard error.
"""

from pathlib import Path

from kinesis_lab.emulator.lambda_.bootstrap.frames import Frames, Garbled, Head, to_process
from kinesis_lab.emulator.lambda_.bootstrap.lambda_paths import TASK_ROOT, TEMPORARY

__all__ = ["SCRIPT", "TASK_ROOT", "TEMPORARY", "Frames", "Garbled", "Head", "to_process"]

SCRIPT = Path(__file__).with_name("__main__.py")
"""What the process runs."""
