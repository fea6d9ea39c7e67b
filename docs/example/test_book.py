from kinesis_lab.testing import Fault, feed


def test_every_order_is_booked_and_in_its_turn(local_cloud):
    orders = [{"ID": number, "CUSTOMER": f"customer {number % 7}"} for number in range(200)]
    run = feed(local_cloud, "book.py", orders, key="CUSTOMER", shards=2, BatchSize=20, faults={13: Fault("timeout")})
    booked = [int(line.split()[1]) for line in run.lines if line.startswith("booked ")]
    run.assert_nothing_lost(booked, by="ID")
    run.assert_in_order(booked, by="ID")
    run.assert_invocations(at_most=20)
