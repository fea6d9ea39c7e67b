from datetime import UTC, datetime

LENGTHS = {"MINUTE": 16, "HOUR": 13, "DATE": 10, "MONTH": 7, "YEAR": 4}


def dimensions(milliseconds):
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    utc_month = moment.month - 1  # January is 0, as in JavaScript
    month = f"0{utc_month + 1}" if utc_month < 10 else f"{utc_month + 1}"
    text = f"{moment.year}-{month}-{moment:%d}T{moment:%H}:{moment:%M}"
    return [f"{name}:{text[:length]}" for name, length in LENGTHS.items()]
