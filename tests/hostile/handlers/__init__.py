"""The table of hostile handlers: what is decorated in these modules is deployed, as it stands there."""

from tests.hostile.handlers import (
    calls,
    changes,
    dies,
    forks,
    hangs,
    imports,
    raises,
    returns,
    sleeps,
    takes,
    threads,
    writes,
)
from tests.hostile.table import HANDLERS

__all__ = ["HANDLERS"]
