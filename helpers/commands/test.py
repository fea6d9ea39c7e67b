"""Run every test, the notebooks' own cells among them.

What you add goes to pytest: `python -m helpers test -k sharding`, or the path of one test file.  `--quick` runs the
unit tests of the emulator's rules and two chapters: for those who change something, in less than a minute.  With
`--thorough`, tables of hostile cases and random campaigns run whole, of which every other run has a part, and
properties are tried with twenty times as many examples.
"""

import os

from helpers.commands import browser, environment, places, processes, voice


def main(arguments: list[str]) -> int:
    """Set up if need be and run pytest; its exit code is ours."""
    if arguments[:1] in (["-h"], ["--help"]):
        voice.say(f"python -m helpers test [pytest's arguments]\n\n{__doc__}")
        return 0
    continuous = os.environ.get("CI", "").lower() in ("1", "true")
    environment.ensure(dev=browser.required() or continuous)
    _tell_of_browser()
    return processes.run("-m", "pytest", *pytest_arguments(arguments))


QUICK = (
    *("notebooks/00_start_here.ipynb", "notebooks/03_batch_event_anatomy.ipynb"),
    *("tests/emulator/test_clock.py", "tests/emulator/test_kinesis.py", "tests/emulator/test_budget.py"),
    *("tests/emulator/test_resharding.py", "tests/emulator/test_validation.py", "tests/mapping/test_delivery.py"),
    *("tests/mapping/test_batching.py", "tests/mapping/test_tumbling.py", "tests/mapping/test_destinations.py"),
    *("tests/test_architecture.py", "tests/test_emulator_readme.py"),
)
"""Two chapters, the rules of streams and mappings, and how the code hangs together: what takes longest comes first."""


def pytest_arguments(added: list[str]) -> list[str]:
    """What pytest is called with: all tests and notebooks, unless some are named."""
    if "--quick" in added:
        added = [*(argument for argument in added if argument != "--quick"), *QUICK, "-m", "not slow"]
    named = any(not a.startswith("-") and (places.ROOT / a.partition("::")[0]).exists() for a in added)
    everything = [p for p in ("tests", "notebooks") if (places.ROOT / p).is_dir()]
    return [
        *([] if named else everything),
        *("-n", str(places.cores()), "--dist", "loadfile", "--no-loadscope-reorder"),
        *("--nbval", "--nbval-current-env", "--nbval-cell-timeout", "60"),
        *added,
    ]


def _tell_of_browser() -> None:
    if browser.required():
        return
    code, answer = processes.captured(["-c", "from helpers.commands import browser; print(browser.missing())"])
    if code == 0 and answer.strip():
        voice.say(f"The tests in a browser are left out: {answer.strip()} ({browser.REQUIRE}=1 insists).")
