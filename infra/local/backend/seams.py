"""The names of moto that the local cloud replaces or reaches into, and the one way to replace one."""

from __future__ import annotations

import importlib
from typing import Any

import moto

# Module, then the path inside it.
SEAMS = (
    ("moto.core.authorization", "ActionAuthenticatorMixin._authenticate_and_authorize_action"),
    ("moto.core.config", "default_user_config"),
    ("moto.core.responses", "BaseResponse.call_action"),
    ("moto.core.responses", "method_names_from_class"),
    ("moto.backends", "list_of_moto_modules"),
    ("moto.moto_server.werkzeug_app", "MotoRequestHandler.make_environ"),
    ("moto.dynamodb.models", "copy.deepcopy"),
    ("moto.dynamodb.models", "DynamoDBBackend.transact_write_items"),
    ("moto.dynamodb.models", "DynamoDBBackend.get_keys_value"),
    ("moto.dynamodb.models", "dynamodb_backends"),
    ("moto.dynamodb.models.dynamo_type", "Item.project"),
    ("moto.dynamodb.models.table", "Table.put_item"),
    ("moto.dynamodb.models.table", "Table.query"),
    ("moto.dynamodb.models.table", "Table.has_range_key"),
    ("moto.dynamodb.responses", "DynamoHandler.call_action"),
    ("moto.dynamodb.responses", "DynamoResult.execute_result"),
    ("moto.sqs.models", "SQSBackend.receive_message"),
    ("moto.sqs.models", "SQSBackend.send_message_batch"),
    ("moto.sqs.models", "Queue.messages"),
    ("moto.sqs.models", "unix_time"),
    ("moto.sqs.models", "unix_time_millis"),
    ("moto.s3.models", "s3_backends"),
    ("moto.s3.models", "S3Backend.put_object"),
    ("moto.s3.models", "FakeKey.set_metadata"),
    ("moto.s3.models", "FakeKey.dispose"),
    ("moto.s3.responses", "S3Response.bucket_response"),
    ("moto.s3.responses", "S3Response.key_response"),
    ("moto.stepfunctions.parser.asl.utils.boto_client", "boto_client_for"),
    ("moto.stepfunctions.responses", "StepFunctionResponse.call_action"),
    ("moto.stepfunctions.responses", "StepFunctionResponse.start_execution"),
    ("moto.awslambda.models", "LambdaBackend.invoke"),
    ("moto.awslambda_simple.models", "LambdaSimpleBackend.invoke"),
    ("moto.events.models", "Rule.send_to_targets"),
    ("moto.iam.models", "iam_backends"),
    ("moto.kms.models", "kms_backends"),
    ("moto.kms.models", "KmsBackend.any_id_to_key_id"),
    ("moto.moto_api._internal", "moto_api_backend.reset"),
)


class UnsupportedMotoError(RuntimeError):
    """The installed moto is not the one that the patches were written for."""


def check() -> None:
    """Raise UnsupportedMotoError when the installed moto lacks one of the names."""
    missing = [f"{module}.{path}" for module, path in SEAMS if not _exists(module, path)]
    if missing:
        raise UnsupportedMotoError(
            f"moto {moto.__version__} has no {', '.join(missing)}: install the version pinned in pyproject.toml, "
            "or adapt infra/local/backend"
        )


def replace(owner: Any, name: str, replacement: Any) -> None:
    """Replace the attribute `name` of a class or module of moto, for the rest of the process."""
    setattr(owner, name, replacement)


def _exists(module: str, path: str) -> bool:
    try:
        value = importlib.import_module(module)
    except ImportError:
        return False
    for name in path.split("."):
        if not hasattr(value, name):
            return False
        value = getattr(value, name)
    return True
