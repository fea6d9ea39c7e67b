"""The event source mapping: what reads a stream and hands its records to a function.

In the order in which a record travels: `reading` reads it from its shard, `filters` lets it pass, `consumer` hands it
to one of the `lanes`, `event` writes its batch down, `delivery` invokes the function until nothing is left to do, with
`response` to read the answer and `discards` for what is given up; `consumer` keeps the checkpoint, and `mapping` runs
all of this for every shard.  `configuration` holds the settings.
"""
