"""What the library costs those who take it home: megabytes on disk, and milliseconds in every run of pytest."""

from __future__ import annotations

import statistics
import subprocess
import sys
from importlib import metadata

from packaging.requirements import Requirement

from benchmarks.measuring import Bars
from helpers.commands.lock import normalised

RUNS = 15


def main() -> int:
    """Print the table; the number of bars that were missed."""
    bars = Bars("The library in other people's environments")
    bars.at_most("size of it and what it needs, without bytecode", megabytes("kinesis-lab"), 120, "MB")
    plain, more = ("import pytest", "import pytest, kinesis_lab.testing.plugin")
    extra = [cpu_seconds(more) - cpu_seconds(plain) for _ in range(RUNS)]  # in turn, so that a slow minute hits both
    bars.at_most("CPU that the plugin adds to a start of pytest", statistics.median(extra) * 1e3, 30, "ms")
    opening = cpu_seconds(OPENING)
    bars.at_most("CPU of opening the first cloud, imports included", opening * 1e3, 700, "ms")
    bars.at_most("CPU of the first picture on top of that", (cpu_seconds(PICTURE) - opening) * 1e3, 1300, "ms")
    return bars.missed


OPENING = "from kinesis_lab.testing import fresh_cloud\nwith fresh_cloud() as cloud:\n    cloud.client('kinesis')"

PICTURE = f"""{OPENING}
from helpers.pictures import loop
loop(stream="orders", shards=["shardId-000000000000"], batch_size=10, function="book")._repr_mimebundle_()
"""


def cpu_seconds(code: str) -> float:
    """Seconds of CPU that a Python needs from its start to the end of this code."""
    told = f"{code}\nimport time; print(time.process_time())"
    return float(subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True).stdout)


def megabytes(name: str) -> float:
    """Megabytes of a distribution and all that it needs, as installed here; the library's own files lie in the tree."""
    found: set[str] = set()
    pending = [name]
    while pending:
        this = normalised(pending.pop())
        if this in found:
            continue
        found.add(this)
        for line in metadata.distribution(this).requires or []:
            asked = Requirement(line)
            if asked.marker is None or asked.marker.evaluate({"extra": ""}):
                pending.append(asked.name)
    files = [file for each in found for file in metadata.distribution(each).files or [] if file.suffix != ".pyc"]
    return sum(path.stat().st_size for file in files if (path := file.locate()).exists()) / 1e6


if __name__ == "__main__":
    raise SystemExit(main())
