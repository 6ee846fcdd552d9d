"""How each CloudFormation resource type is created: one handler per type, and a list of those that need nothing."""

from infra.local.resources import compute, events, http, identity, messaging, storage, workflow
from infra.local.resources.nothing import NOTHING
from infra.local.resources.registry import Handler

HANDLERS: dict[str, Handler] = {
    **NOTHING,
    **compute.HANDLERS,
    **events.HANDLERS,
    **http.HANDLERS,
    **identity.HANDLERS,
    **messaging.HANDLERS,
    **storage.HANDLERS,
    **workflow.HANDLERS,
}
