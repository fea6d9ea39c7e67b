"""The AWS semantics that moto lacks: a Kinesis, a Lambda runtime and an event source mapping in virtual time.

This package stands alone: it imports nothing of the rest of `kinesis_lab`.  `local.LocalCloud` puts its parts
together; everything else is one concept per file.
"""
