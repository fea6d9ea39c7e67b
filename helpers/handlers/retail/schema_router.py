"""Calls a method for every event of a batch, by the schema of its data.  What can't be read is skipped and reported."""

import json
import random

from .envelopes import BadMessage, opened
from .schemas import SCHEMAS, problem


class SchemaRouter:
    """Takes batches apart.

    ordered: one record after the other; at the first failure it stops, and says so.
    parallel: all at once, so in any order; it says which ones have failed.
    """

    def __init__(self, mode="ordered"):
        self.mode = mode
        self.methods = {}
        self.bad = []

    def on(self, *schemas):
        """Says which method takes events of these schemas."""
        if unknown := set(schemas) - set(SCHEMAS):
            raise KeyError(f"no schema is called {', '.join(unknown)}")

        def register(method):
            self.methods.update(dict.fromkeys(schemas, method))
            return method

        return register

    def handler(self, event, context):
        """What Lambda calls with a batch; says where it is stuck."""
        records, stuck, self.bad = event["Records"], [], []
        if self.mode == "parallel":
            records = random.sample(records, len(records))
        for record in records:
            try:
                self.take(record)
            except BadMessage as error:  # poison: it will never get better
                self.report(record, *error.args)
            except Exception as error:  # may be better in a moment
                print("RETRY", record["eventID"], repr(error))
                stuck.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})
                if self.mode == "ordered":
                    break
        return {"batchItemFailures": stuck}

    def take(self, record):
        """Hand one record to its method; raises what can't be done now, and BadMessage for what never can."""
        event = opened(record)
        method = self.methods.get(event["data"]["schema"])
        if method is None:
            return  # somebody else's business
        if why := problem(event["data"], SCHEMAS[event["data"]["schema"]]):
            raise BadMessage("bad data", why)
        method(event)

    def report(self, record, reason, why):
        """Put a bad message on the list, and into the log."""
        self.bad.append({"eventID": record["eventID"], "reason": reason, "why": why})
        print("BAD", json.dumps(self.bad[-1]))
