"""The operations of the Kinesis API, by what they are about.

Each operation is a method named after it; it takes the request's JSON document and returns the response's.
"""
