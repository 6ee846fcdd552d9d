"""The account's default event bus, where Gero tells what happened."""

from aws_cdk import Stack
from constructs import Construct


def default_event_bus(scope: Construct) -> str:
    """Its ARN, for grants. Rules of other stacks may wait there for events of the source "gero"."""
    return Stack.of(scope).format_arn(service="events", resource="event-bus", resource_name="default")
