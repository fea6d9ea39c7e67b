from hypothesis import given, settings
from hypothesis import strategies as st

from kinesis_lab.testing import feed, fresh_cloud
from kinesis_lab.testing.strategies import faults, mapping_settings, records

ORDERS = records(st.fixed_dictionaries({"ID": st.integers()}))
PATIENT = mapping_settings(MaximumRetryAttempts=-1, MaximumRecordAgeInSeconds=-1)


@settings(max_examples=10, deadline=None)
@given(orders=ORDERS, faults=faults(), mapping=PATIENT)
def test_nothing_is_lost_whatever_comes_and_whatever_fails(orders, faults, mapping):
    with fresh_cloud() as cloud:
        run = feed(cloud, "book.py", orders, faults=faults, **mapping)
        run.assert_nothing_lost()
