"""Tables are pandas': an extra, as nothing else here needs it."""

from __future__ import annotations

import importlib
from typing import Any


def import_pandas(wanted: str) -> Any:
    """The module pandas, for what is `wanted`; raises ModuleNotFoundError that says how to get it."""
    try:
        return importlib.import_module("pandas")
    except ModuleNotFoundError as missing:
        if missing.name != "pandas":
            raise
        raise ModuleNotFoundError(
            f"{wanted} is a pandas table, and pandas is not installed: pip install 'kinesis-lab[tables]' "
            "(or pip install pandas)",
            name="pandas",
        ) from None
