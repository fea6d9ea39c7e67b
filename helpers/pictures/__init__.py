"""Pictures of what happened, drawn from the flight recorder's table.

They take tables and plain values and return a `Picture`; as the last line of a cell it shows itself.
"""

from helpers.pictures.architecture import loop
from helpers.pictures.style import Picture, shard_colour, shard_label
from helpers.pictures.timeline import timeline

__all__ = ["Picture", "loop", "shard_colour", "shard_label", "timeline"]
