"""The second argument of a handler: its context (facts 8.2)."""

from __future__ import annotations

import os
import sys

from .connection import Connection
from .frames import Head


class FunctionSettings:
    """What every context of this environment says of the function."""

    def __init__(self) -> None:
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]


class Context:
    """The second argument of a handler (facts 8.2)."""

    def __init__(self, connection: Connection, invocation: Head, settings: FunctionSettings) -> None:
        self._connection = connection
        self._deadline = invocation["deadline"]
        self.aws_request_id = invocation["request_id"]
        self.log_group_name = settings.log_group_name
        self.log_stream_name = settings.log_stream_name
        self.function_name = settings.function_name
        self.memory_limit_in_mb = settings.memory_limit_in_mb
        self.function_version = settings.function_version
        self.invoked_function_arn = invocation["arn"]
        self.tenant_id = None
        self.client_context = ClientContext.of(invocation.get("client_context"))
        self.identity = Identity()

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function times out."""
        return int(max(0, self._deadline - self._connection.microseconds()) // 1000)

    def log(self, message: object) -> None:
        """Write to the log, without a line end of its own."""
        sys.stdout.write(str(message))


class Identity:
    """The identity of a mobile client; there is none here."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class ClientContext:
    """What a client passed along with its call."""

    def __init__(self, document: Head) -> None:
        self.client = document.get("client")
        self.custom = document.get("custom")
        self.env = document.get("env")

    @classmethod
    def of(cls, document: Head | None) -> ClientContext | None:
        """The context in a document, if there is one."""
        return None if document is None else cls(document)
