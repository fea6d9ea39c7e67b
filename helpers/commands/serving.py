"""What `python -m helpers serve` runs inside the environment."""

import argparse
import signal
import threading

from helpers.commands import voice
from helpers.emulator.local import REGION, LocalCloud
from helpers.emulator.server import endpoint


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--no-limits", action="store_true")
    options = parser.parse_args()
    cloud = LocalCloud(speed=options.speed, limits=not options.no_limits)
    ended = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: ended.set())
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
        cloud.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
