"""A test library to take home: your handler, run as Lambda runs it, against what a stream really does to it.

pytest finds the fixture `local_cloud` by itself where this package is installed: an open cloud for one test, closed
when it is over.  A marker sets it up, with the arguments of `open_cloud`: `@pytest.mark.local_cloud(limits=False)`.
Then `feed` does the rest and returns a `Run`, which has assertions on what became of the records:

    def test_every_order_is_booked(local_cloud):
        run = feed(local_cloud, "book.py", [{"ID": 1}, {"ID": 2}], key="ID", BatchSize=1)
        run.assert_nothing_lost()

What goes wrong on purpose: `Fault` lets invocations fail, `refuse_calls` what the handler asks of AWS.  What to compare
by yourself: `lost`, `duplicated`, `invented`, `out_of_order`.  For Hypothesis: `kinesis_lab.testing.strategies`, and
`fresh_cloud`, as its many examples cannot share one fixture.
"""

from kinesis_lab.testing.checking import duplicated, invented, lost, out_of_order
from kinesis_lab.testing.clouds import fresh_cloud
from kinesis_lab.testing.faults import Fault, refuse_calls
from kinesis_lab.testing.runs import Run, feed

__all__ = ["Fault", "Run", "duplicated", "feed", "fresh_cloud", "invented", "lost", "out_of_order", "refuse_calls"]
