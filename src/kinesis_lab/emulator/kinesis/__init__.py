"""Kinesis Data Streams: streams, shards, records and the API in front of them."""
