"""Pictures of what happened, drawn from the flight recorder's table.

They take tables and plain values and return a `Picture`; as the last line of a cell it shows itself.
"""

from helpers.pictures.age import age
from helpers.pictures.anatomy import anatomy
from helpers.pictures.architecture import loop
from helpers.pictures.batch_map import batch_map
from helpers.pictures.bisect_tree import bisect_tree
from helpers.pictures.dashboard import dashboard
from helpers.pictures.fates import fates
from helpers.pictures.lag import lag
from helpers.pictures.lanes import lanes
from helpers.pictures.leaderboard import leaderboard
from helpers.pictures.life import life_of_a_record
from helpers.pictures.lineage import lineage
from helpers.pictures.ring import ring
from helpers.pictures.style import Picture, shard_colour, shard_label
from helpers.pictures.timeline import timeline
from helpers.pictures.vital_signs import vital_signs
from helpers.pictures.writes import writes

__all__ = [
    "Picture",
    "age",
    "anatomy",
    "batch_map",
    "bisect_tree",
    "dashboard",
    "fates",
    "lag",
    "lanes",
    "leaderboard",
    "life_of_a_record",
    "lineage",
    "loop",
    "ring",
    "shard_colour",
    "shard_label",
    "timeline",
    "vital_signs",
    "writes",
]
