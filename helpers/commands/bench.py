"""Run the benchmarks, one after the other.

Each is a module benchmarks/bench_*.py with `main() -> exit code`; name some to run only those.
"""

import argparse

from helpers.commands import environment, places, processes, voice


def main(arguments: list[str]) -> int:
    """Run all benchmarks, or those named; fail when any of them fails."""
    parser = argparse.ArgumentParser("python -m helpers bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="bench_throughput, or just throughput")
    names = parser.parse_args(arguments).names
    modules = [path.stem for path in sorted((places.ROOT / "benchmarks").glob("bench_*.py"))]
    wanted = {f"bench_{name.removeprefix('bench_')}" for name in names}
    if unknown := sorted(wanted.difference(modules)):
        known = ", ".join(modules) or "none"
        raise voice.Stop(f"There is no benchmark {unknown[0]}. There are: {known}.")
    environment.ensure()
    failed = []
    for module in modules:
        if wanted and module not in wanted:
            continue
        voice.say(f"— {module}")
        if processes.run("-m", f"benchmarks.{module}") != 0:
            failed.append(module)
        voice.say()
    if failed:
        voice.complain(f"bench: {', '.join(failed)} failed")
    return 1 if failed else 0
