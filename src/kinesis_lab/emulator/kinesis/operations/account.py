"""Settings of the account: On-demand Advantage, and the warm throughput that it unlocks (facts 1.4)."""

from __future__ import annotations

from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.wire import Document


class AccountOperations:
    """DescribeAccountSettings, UpdateAccountSettings, UpdateStreamWarmThroughput."""

    def __init__(self, region: Region) -> None:
        """The account in `region`."""
        self._region = region

    def describe_account_settings(self, _request: Document) -> Document:
        """DescribeAccountSettings: whether there is a commitment, and until when."""
        return {"MinimumThroughputBillingCommitment": self._region.commitment.document()}

    def update_account_settings(self, request: Document) -> Document:
        """UpdateAccountSettings: what is given up within its first day goes on to the end of that day."""
        if request["MinimumThroughputBillingCommitment"]["Status"] == "ENABLED":
            self._region.commitment.make()
        else:
            self._region.commitment.give_up()
        return self.describe_account_settings(request)

    def update_stream_warm_throughput(self, request: Document) -> Document:
        """UpdateStreamWarmThroughput: on-demand streams of an account with a commitment."""
        stream = self._region.active_stream(request)
        wanted = request["WarmThroughputMiBps"]
        self._region.commitment.check_warm_throughput(stream.mode, wanted)
        before = stream.warm_throughput
        self._region.change(stream, lambda: setattr(stream, "warm_throughput", wanted))
        return {
            "StreamName": stream.name,
            "StreamARN": stream.arn,
            "WarmThroughput": {"TargetMiBps": wanted, "CurrentMiBps": before},
        }
