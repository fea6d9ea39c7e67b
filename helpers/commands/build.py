"""Execute the notebooks anew and write them byte for byte reproducibly.

All of them, or those named by number, stem or path. --check writes nothing and compares.
"""

import argparse

from helpers.commands import environment, processes


def main(arguments: list[str]) -> int:
    """Set up if need be and build inside the environment."""
    parser = argparse.ArgumentParser("python -m helpers build", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="00, 00_start_here, notebooks/00_start_here.ipynb")
    parser.add_argument("--check", action="store_true", help="compare with what is there; write nothing")
    parser.parse_args(arguments)
    environment.ensure()
    return processes.run("-m", "helpers.commands.notebooks.building", *arguments)
