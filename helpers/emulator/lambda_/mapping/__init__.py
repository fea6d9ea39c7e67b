"""The event source mapping: what reads a stream and hands its records to a function.

In the order in which a record travels: `poller` reads it from its shard, `event` puts it into a batch,
`delivery` invokes the function with the batch until it succeeds, and `mapping` runs all of this for every shard
and keeps the checkpoints.  `configuration` holds the settings and answers the API.
"""
