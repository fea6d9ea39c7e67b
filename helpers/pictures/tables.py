"""What the pictures ask of the tables that they are drawn from."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

HASH_KEYS = 2**128
"""How many there are: MD5 maps every partition key to one of them."""


def chosen(table: pd.DataFrame, needed: Sequence[str], *kinds: str) -> pd.DataFrame:
    """The rows of these kinds, if the table tells kinds apart; a table without rows may lack columns, too.

    Raises ValueError when a needed column is missing.
    """
    if table.empty:
        return table
    missing = [name for name in needed if name not in table]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)}; the flight recorder's has")
    return table[table["kind"].isin(kinds)] if kinds and "kind" in table else table


def one_stream(table: pd.DataFrame) -> pd.DataFrame:
    """The table, if its rows are of one stream; the shards of several have the same names.

    Raises ValueError otherwise.
    """
    names = sorted(table["stream"].dropna().unique()) if "stream" in table else []
    if len(names) > 1:
        raise ValueError(
            f"the table has the shards of {len(names)} streams; choose one: table[table['stream'] == {names[0]!r}]"
        )
    return table
