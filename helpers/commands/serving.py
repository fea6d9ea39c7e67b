"""What `python -m helpers serve` runs inside the environment."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING

from helpers.commands import serve, voice

if TYPE_CHECKING:
    from helpers.emulator.local import LocalCloud


def main(arguments: list[str]) -> int:
    """Serve until interrupted."""
    ended = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # SIGHUP: the terminal was closed; Windows has none
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: ended.set())
    options = serve.parsed(arguments)
    # Only now, as it takes a second: who interrupts meanwhile sees no traceback.
    from helpers.emulator.local import REGION, LocalCloud
    from helpers.emulator.server import endpoint

    cloud = LocalCloud(speed=options.speed, limits=not options.no_limits)
    try:
        with endpoint(cloud, options.port) as address:
            voice.say(
                f"The local cloud answers at\n\n  {address}\n\n"
                f"  AWS_ENDPOINT_URL={address} AWS_DEFAULT_REGION={REGION} WORKBOOK_BACKEND=endpoint\n\n"
                f"{address}/_health says how it is. "
                f"{options.speed:g} of its seconds pass in one of yours. Ctrl-C here ends it, and all that is in it."
            )
            while not ended.wait(1):  # now and then: a signal that another thread was given is seen, too
                pass
    except OSError as taken:
        voice.complain(f"Port {options.port} cannot be used ({taken.strerror}). Try another: --port {options.port + 1}")
        return 1
    finally:
        end(cloud)
    return 0


def end(cloud: LocalCloud) -> None:
    """Close the cloud without waiting for functions that are at work."""
    import psutil

    closing = threading.Thread(target=cloud.close)
    closing.start()
    while closing.is_alive():
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        closing.join(0.05)


if __name__ == "__main__":
    voice.prepare()
    raise SystemExit(main(sys.argv[1:]))
