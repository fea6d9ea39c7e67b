"""Is there a browser to try the notebooks in?"""

import importlib.util
import os
import shutil

REQUIRE = "WORKBOOK_REQUIRE_BROWSER"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of a Chromium: the one named by CHROMIUM, or the first on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def required() -> bool:
    """Whether the browser tests must run (WORKBOOK_REQUIRE_BROWSER=1)."""
    return os.environ.get(REQUIRE, "") not in ("", "0")


def missing() -> str:
    """What a browser test lacks inside this Python, in words; empty when it lacks nothing."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed"
    return "" if chromium() else "there is no Chromium on the PATH"
