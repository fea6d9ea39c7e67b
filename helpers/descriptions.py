"""How pictures in notebooks are described beside what they look like: for builds, and for tests of what they show."""

WANTED = "WORKBOOK_DESCRIBE_PICTURES"
"""The environment variable that lets pictures be described."""
MIME_TYPE = "application/vnd.workbook.picture+json"
"""The type of a description among a cell's outputs; it is kept beside the notebook, not in it."""
