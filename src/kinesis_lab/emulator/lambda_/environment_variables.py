"""The environment variables that a function sees."""

from __future__ import annotations

import os

from kinesis_lab.emulator.lambda_.bootstrap import TASK_ROOT
from kinesis_lab.emulator.lambda_.function_lookup import Function

INTERPRETER = {
    "LANG": "en_US.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",  # sets in the handler's output have the same order on every run
}
"""What Python and the system's libraries read when a process starts."""


def environment_variables(function: Function, log_stream: str) -> dict[str, str]:
    """The environment variables that Lambda sets (facts 8.5), under the function's own."""
    system = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return {
        **system,
        "PATH": os.environ.get("PATH", os.defpath),
        **INTERPRETER,
        "_HANDLER": function.handler,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "LAMBDA_TASK_ROOT": TASK_ROOT,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        **dict(function.environment),
    }
