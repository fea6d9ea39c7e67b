"""Everything that touches moto's internals: its dispatcher, its clock, its random numbers, its state.

moto answers for every service that the emulator does not replace.  It is used without its own patching of
boto3: requests come in through `answer`, and nothing that moto does not know is passed on to AWS.
"""

from __future__ import annotations

import datetime
import json
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import moto.core.utils
import moto.s3.models
from botocore.awsrequest import AWSPreparedRequest
from moto.cloudwatch.models import MetricDatumBase
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.core.exceptions import ServiceException
from moto.core.models import botocore_stubber
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends
from moto.logs.models import LogEvent, LogGroup
from moto.moto_api._internal import mock_random
from moto.sns.models import Subscription
from moto.sqs.models import Queue

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.metrics import Metric, Minute
from kinesis_lab.emulator.wire import ACCOUNT, NotOffered, Request, Response, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.awslambda.models import LambdaBackend

    from kinesis_lab.emulator.kinesis.kinesis_api import KinesisService
    from kinesis_lab.emulator.lambda_.lambda_api import LambdaService
from moto.logs.models import LogsBackend

NOT_IMPLEMENTED = "Not yet implemented"
"""What moto's dispatcher says, with status 404, of a service that it does not have."""

LONG_POLL_STEP = 0.1
"""Virtual seconds between two looks at a queue that is polled for long."""

_replaced: list[tuple[Any, str, Any]] = []
"""What `attach` has changed in moto: owner, name, and what was there."""
_lambda_backends: dict[str, LambdaBackend] = {}
"""By Region, as moto takes its time to find them."""


def attach(clock: Clock, seed: int) -> None:
    """Start from an empty moto that lives by `clock` and draws seeded ids."""
    BackendDict.reset()
    _lambda_backends.clear()
    mock_random.seed(seed)
    virtual = _virtual_datetime(clock)
    log_events_by_stream: Any = LogGroup.filter_log_events

    def wait_for_messages(_queue: Queue, _timeout: int) -> None:
        """Moto really waits for another thread to send something; here, time passes."""
        clock.advance(LONG_POLL_STEP)

    def filter_log_events(group: LogGroup, *request: Any) -> Any:
        """AWS answers in the order of time, moto stream by stream."""
        *others, _interleaved = request
        return log_events_by_stream(group, *others, True)

    _replace(moto.core.utils, "datetime", virtual)
    _replace(moto.s3.models, "datetime", virtual)
    _replace(Queue, "wait_for_messages", wait_for_messages)
    _replace(Subscription, "publish", _subscribers_here(Subscription.publish))
    _replace(LogGroup, "filter_log_events", filter_log_events)
    _replace(LogEvent, "_event_id", 0)
    _replace(MetricDatumBase, "filter", _of_these_dimensions(MetricDatumBase.filter))
    default_user_config["lambda"] = {"use_docker": False}
    _provide_policies()


def _of_these_dimensions(listed: Any) -> Any:
    """Statistics are of the metric with just these dimensions; moto adds those with further ones."""

    def filter_(
        datum: MetricDatumBase, namespace: Any, name: Any, dimensions: Any, already_present_metrics: Any = None
    ) -> bool:
        if namespace is None and name is None and dimensions and len(dimensions) != len(datum.dimensions):
            return False
        found: bool = listed(datum, namespace, name, dimensions, already_present_metrics)
        return found

    return filter_


def detach() -> None:
    """Forget all of moto's state and give it back as it was."""
    BackendDict.reset()
    _lambda_backends.clear()
    default_user_config.pop("lambda", None)
    while _replaced:
        owner, name, original = _replaced.pop()
        setattr(owner, name, original)


def _provide_policies() -> None:
    """Have the policies that AWS manages for Lambda's roles (facts 9): moto has all of AWS's, slowly, or none."""
    backend = iam_backends[ACCOUNT]["aws"]
    for name, data in _policies_for_lambda().items():
        policy = AWSManagedPolicy.from_data(name, ACCOUNT, "us-east-1", data)
        backend.managed_policies[policy.arn] = policy


@cache
def _policies_for_lambda() -> dict[str, Any]:
    policies = json.loads(aws_managed_policies_data)
    return {name: data for name, data in policies.items() if name.startswith("AWSLambda")}


def _replace(owner: Any, name: str, replacement: Any) -> None:
    _replaced.append((owner, name, getattr(owner, name)))
    setattr(owner, name, replacement)


def _virtual_datetime(clock: Clock) -> SimpleNamespace:
    """The module `datetime` with a present that is virtual.

    moto's services tell the time by functions of `moto.core.utils`, imported by name all over moto; these functions
    look `datetime` up in their own module, which is the one place to change (S3 does it itself).
    """

    class VirtualDatetime(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> VirtualDatetime:
            return cls.fromtimestamp(clock.now, tz or datetime.UTC).replace(tzinfo=tz)

    return SimpleNamespace(**{**vars(datetime), "datetime": VirtualDatetime})


def answer(request: Request) -> Response:
    """Let moto answer; raise NotOffered for what it cannot."""
    region, service = request.scope
    url = _addressed(request.url, service, region)
    prepared = AWSPreparedRequest(request.method, url, _headers(request), request.body, stream_output=False)
    try:
        answered = botocore_stubber.process_request(prepared)
    except (NotImplementedError, ImportError) as missing:  # ImportError: a package that the lean install leaves out
        raise NotOffered(f"the local cloud does not offer this {service} operation: {missing}") from missing
    except RecursionError:
        return refusal(request, 400, "SerializationException", "The request is nested too deeply.")
    if answered is None or (answered[0] == 404 and answered[2] == NOT_IMPLEMENTED):
        raise NotOffered(f"the local cloud does not offer {service or request.url} in {region or 'any Region'}")
    status, headers, body = answered
    return Response(status, headers, body.encode() if isinstance(body, str) else body)


def _addressed(url: str, service: str, region: str) -> str:
    """The URL at AWS of what a client asked elsewhere: moto knows services by their host names."""
    parts = urlsplit(url)
    if not service or (parts.hostname or "").endswith(".amazonaws.com"):
        return url
    return parts._replace(scheme="https", netloc=f"{service}.{region}.amazonaws.com").geturl()


def _headers(request: Request) -> Any:
    from botocore.compat import HTTPHeaders

    return HTTPHeaders.from_dict(request.headers)


def make_stacks_of(
    kinesis_by_region: Callable[[str], KinesisService],
    lambda_by_region: Callable[[str], LambdaService],
    forget: Callable[[], None],
) -> None:
    """Let CloudFormation make streams, functions and mappings in the local cloud."""
    import moto.cloudformation.parsing  # noqa: F401  knows moto's own classes, which ours must come after

    from kinesis_lab.emulator.stacks import (  # noqa: F401
        event_source_mapping,
        iam_role,
        kinesis_stream,
        lambda_function,
        lifecycle,
        rest_method,
        services,
    )

    services.connect(kinesis_by_region, lambda_by_region, forget)
    if not lifecycle.attached():
        for replacement in lifecycle.replacements():
            _replace(*replacement)


def lambda_backend(region: str) -> LambdaBackend:
    """Moto's functions, versions and aliases of a Region."""
    if region not in _lambda_backends:
        from moto.awslambda_simple.models import lambda_simple_backends

        _lambda_backends[region] = lambda_simple_backends[ACCOUNT][region]
    return _lambda_backends[region]


def logs_backend(region: str) -> LogsBackend:
    """Moto's log groups of a Region."""
    from moto.logs.models import logs_backends

    backend: LogsBackend = logs_backends[ACCOUNT][region]
    return backend


def key_state(region: str, key: str) -> str | None:
    """The state of a KMS key, as in Enabled; None if there is no such id, alias, or ARN of either."""
    from moto.kms.models import kms_backends

    backend = kms_backends[ACCOUNT][region]
    name = key.rpartition(":")[2]
    found = backend.get_key_id_from_alias(name) if name.startswith("alias/") else name.rpartition("/")[2]
    return str(backend.keys[found].key_state) if found in backend.keys else None


def rest_api(api_id: str) -> tuple[str, Any] | None:
    """The Region of a REST API, and what moto keeps of it; None if there is none."""
    from moto.apigateway.models import apigateway_backends

    for region, backend in apigateway_backends[ACCOUNT].items():
        if api_id in backend.apis:
            return region, backend.apis[api_id]
    return None


def role_statements(role_arn: str) -> list[dict[str, Any]]:
    """The statements of a role's policies, its own and those attached to it; none if there is no such role."""
    role = next((role for role in iam_backends[ACCOUNT]["aws"].get_roles() if role.arn == role_arn), None)
    if role is None:
        return []
    versions = (version for policy in role.managed_policies.values() for version in policy.versions)
    documents = [*role.policies.values(), *(version.document for version in versions if version.is_default)]
    policies = [json.loads(document) if isinstance(document, str) else document for document in documents]
    statements = [policy["Statement"] for policy in policies]
    return [each for some in statements for each in (some if isinstance(some, list) else [some])]


class Undeliverable(Exception):
    """There is no such queue, topic or bucket, or it does not take this."""


def deliver(arn: str, body: str, key: str) -> None:
    """Send a document to a queue or a topic, or put it into a bucket under `key`.  Raises Undeliverable."""
    from moto.sns.models import sns_backends
    from moto.sqs.models import sqs_backends

    _, _, service, region, _, name = arn.split(":", 5)
    try:
        if service == "sqs":
            sqs_backends[ACCOUNT][region].send_message(name, body)
        elif service == "sns":
            sns_backends[ACCOUNT][region].publish(body, arn=arn)
        else:
            moto.s3.models.s3_backends[ACCOUNT]["aws"].put_object(name, key, body.encode())
    except ServiceException as refusal:
        raise Undeliverable(str(refusal)) from refusal


def _subscribers_here(publish: Any) -> Any:
    """Topics reach queues only: moto would call addresses on the web, and start containers for functions."""

    def publish_here(subscription: Any, *message: Any, **more: Any) -> Any:
        if subscription.protocol == "sqs":
            return publish(subscription, *message, **more)
        return None

    return publish_here


def publish(measured: list[tuple[Metric, int, Minute]]) -> None:
    """Hand measurements over to CloudWatch."""
    from moto.cloudwatch.models import MetricAggregatedDatum, cloudwatch_backends

    for metric, second, minute in measured:
        cloudwatch_backends[ACCOUNT][metric.region].metric_data.append(
            MetricAggregatedDatum(
                namespace=metric.namespace,
                name=metric.name,
                min_stat=minute.smallest,
                max_stat=minute.largest,
                sample_count=minute.count,
                sum_stat=minute.total,
                dimensions=[{"Name": name, "Value": value} for name, value in metric.dimensions],
                timestamp=datetime.datetime.fromtimestamp(second, datetime.UTC).replace(tzinfo=None),
                unit=metric.unit,
            )
        )
