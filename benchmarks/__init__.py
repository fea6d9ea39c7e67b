"""What the local cloud costs, measured on this machine: `python -m helpers bench`."""
