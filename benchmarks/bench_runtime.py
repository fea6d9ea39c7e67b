"""How long it takes to start an execution environment and to use a warm one."""

from __future__ import annotations

from benchmarks.measuring import Bars, deploy, median_seconds
from helpers import open_cloud
from kinesis_lab.emulator.lambda_ import function_lookup

HANDLER = "def handler(event, context): return event\n"
WITH_BOTO3 = "import boto3\nkinesis = boto3.client('kinesis')\n" + HANDLER


def main() -> int:
    """Print the table; the number of bars that were missed."""
    bars = Bars("Function runtime")
    with open_cloud("local") as cloud:
        lambda_ = cloud.client("lambda")
        deploy(cloud, HANDLER)
        deploy(cloud, WITH_BOTO3, "with-boto3")

        def cold(name: str, times: int) -> float:
            numbers = iter(range(times))

            def invoke() -> None:  # a changed setting needs a new environment; its own call is not measured
                lambda_.invoke(FunctionName=name, Payload=b"1")

            def measured() -> float:
                settings = {"Variables": {"RUN": str(next(numbers))}}
                lambda_.update_function_configuration(FunctionName=name, Environment=settings)
                return median_seconds(invoke, 1)

            return sorted(measured() for _ in range(times))[times // 2]

        bars.at_most("cold start and first invocation, no boto3 in the handler", cold("bench", 15) * 1e3, 150, "ms")
        bars.info("the same with a boto3 client in the handler", cold("with-boto3", 5) * 1e3, "ms")

        local = cloud.emulator
        function = function_lookup.find("us-east-1", "bench")
        runtime = local.switchboard.runtime
        warm = median_seconds(lambda: local.clock.complete(runtime.invoke(function, b"{}")), 1000)
        bars.at_most("warm invocation", warm * 1e3, 1, "ms")
        through_boto3 = median_seconds(lambda: lambda_.invoke(FunctionName="bench"), 500)
        bars.info("the same through boto3", through_boto3 * 1e3, "ms")
    return bars.missed


if __name__ == "__main__":
    raise SystemExit(main())
