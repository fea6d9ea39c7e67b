from datetime import UTC, datetime

FORMATS = {
    "MINUTE": "%Y-%m-%dT%H:%M",
    "HOUR": "%Y-%m-%dT%H",
    "DATE": "%Y-%m-%d",
    "MONTH": "%Y-%m",
    "YEAR": "%Y",
}


def dimensions(milliseconds):
    """The five buckets in which a hit counts, in UTC: from its minute to its year."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return [f"{name}:{moment.strftime(form)}" for name, form in FORMATS.items()]
