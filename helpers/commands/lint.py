"""Check code style, types, and the form of the notebooks."""

import argparse

from helpers.commands import environment, processes, voice

CHECKS = {
    "code style": ("-m", "ruff", "check", "--quiet", "--output-format", "concise", "."),
    "formatting": ("-m", "ruff", "format", "--check", "--output-format", "concise", "."),
    "types": ("-m", "mypy"),
    "form of the notebooks": ("-m", "helpers.commands.notebooks.form"),
}


def main(arguments: list[str]) -> int:
    """Run every check, show what those that failed have to say, and count."""
    argparse.ArgumentParser("python -m helpers lint", description=__doc__).parse_args(arguments)
    environment.ensure(dev=True)
    failed = []
    for name, command in CHECKS.items():
        with voice.Step(f"{name:<22}"):
            code, output = processes.captured(command)
        if code:
            failed.append(name)
            voice.say(f"\n{output.rstrip()}\n")
    if failed:
        voice.complain(f"lint: {len(failed)} of {len(CHECKS)} failed: {', '.join(failed)}")
        return 1
    voice.say(f"lint: all {len(CHECKS)} checks passed")
    return 0
