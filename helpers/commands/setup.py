"""Make the environment and stop there.

Every other job does this by itself. Useful for a classroom or a container that is prepared ahead.
"""

import argparse

from helpers.commands import environment, places, voice


def main(arguments: list[str]) -> int:
    """Make the environment; with --dev also what the checks need."""
    parser = argparse.ArgumentParser("python -m helpers setup", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also the tools of lint and browser tests")
    environment.ensure(dev=parser.parse_args(arguments).dev)
    voice.say(f"Ready: {places.near(places.PYTHON)}")
    return 0
