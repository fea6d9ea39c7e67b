"""The event source mapping: what reads a stream and hands its records to a function.

In the order in which a record travels: a reader of the `source` reads it from its shard, `filters` lets it pass, the
`consumer` hands it to a `lane`, which cuts batches.  `delivery` takes a batch to the `target`, the function, in the
form that `event` gives it, reads the `response`, and reports `on_failure` what is given up.  The consumer keeps the
checkpoint, the `journal` notes what happens, and `mapping` runs all of this for every shard.  `configuration` is what
one mapping is told to do; `settings` and `destinations` are tables of what can be told.
"""
