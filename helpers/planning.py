"""How much a consumer can do, worked out before anything runs: pure functions."""

from __future__ import annotations


def capacity(shards: int, factor: int, batch_size: int, per_call: float, per_record: float) -> float:
    """Records a second that a consumer can do at most: full batches, one after another, in every lane.

    `factor`: the ParallelizationFactor, so the number of lanes of a shard, each of which is taken to have work;
    `per_call`, `per_record`: seconds that the function takes for every call, and for each record in it.
    """
    return shards * factor * batch_size / (per_call + per_record * batch_size)
