"""Browser tests run where there is a browser; WORKBOOK_REQUIRE_BROWSER=1 makes them run or fail."""

from helpers.commands import browser

# `python -m helpers test` says in a line that they are left out, and why.
collect_ignore_glob = ["test_*.py"] if browser.missing() and not browser.required() else []
