"""Run every test, the notebooks' own cells among them.

What you add goes to pytest: `python -m helpers test -k sharding`, or the path of one test file.  With `--thorough`,
tables of hostile cases and random campaigns run whole, of which every other run has a part, and property tests draw
20 times as many examples, from a seed that is told at the end.  With `--quick`, only what answers at once runs: the
unit tests of the rules, and chapters 00 and 03.
"""

import os

from helpers.commands import browser, environment, places, processes, voice

QUICK = (
    *("tests/emulator/test_budget.py", "tests/emulator/test_clock.py", "tests/emulator/test_kinesis.py"),
    *("tests/emulator/test_resharding.py", "tests/emulator/test_protocols.py", "tests/emulator/test_bad_requests.py"),
    *("tests/mapping/test_api.py", "tests/mapping/test_batching.py"),
    *("tests/mapping/test_filters.py", "tests/mapping/test_settings.py"),
    *("tests/test_architecture.py", "tests/test_batches.py", "tests/test_emulator_readme.py", "tests/test_facts.py"),
    *("tests/test_partitioning.py", "tests/test_producing.py"),
    *("notebooks/00_start_here.ipynb", "notebooks/03_batch_event_anatomy.ipynb"),
)
"""What `--quick` runs: streams, budgets, requests and the mapping's rules, without what starts many processes."""


def main(arguments: list[str]) -> int:
    """Set up if need be and run pytest; its exit code is ours."""
    if arguments[:1] in (["-h"], ["--help"]):
        voice.say(f"python -m helpers test [pytest's arguments]\n\n{__doc__}")
        return 0
    continuous = os.environ.get("CI", "").lower() in ("1", "true")
    environment.ensure(dev=browser.required() or continuous)
    _tell_of_browser()
    return processes.run("-m", "pytest", *pytest_arguments(arguments))


def pytest_arguments(added: list[str]) -> list[str]:
    """What pytest is called with: all tests and notebooks, unless some are named or what is quick is asked for."""
    named = any(not a.startswith("-") and (places.ROOT / a.partition("::")[0]).exists() for a in added)
    quick = "--quick" in added
    everything = QUICK if quick else [p for p in ("tests", "notebooks") if (places.ROOT / p).is_dir()]
    return [
        *([] if named else everything),
        *(("-m", "not slow") if quick else ()),
        *("-n", str(places.cores()), "--dist", "loadfile", "--no-loadscope-reorder"),
        *("--nbval", "--nbval-current-env", "--nbval-cell-timeout", "60"),
        *(argument for argument in added if argument != "--quick"),
    ]


def _tell_of_browser() -> None:
    if browser.required():
        return
    code, answer = processes.captured(["-c", "from helpers.commands import browser; print(browser.missing())"])
    if code == 0 and answer.strip():
        voice.say(f"The tests in a browser are left out: {answer.strip()} ({browser.REQUIRE}=1 insists).")
