"""What became of every record, as a table: the library's, for the chapters."""

from kinesis_lab.ledger import COLUMNS, FATES, ledger

__all__ = ["COLUMNS", "FATES", "ledger"]
