"""The API in memory: people of the workspace, and invitations."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.gero.cli.fake_objects import now
from tests.gero.cli.fake_routes import Answer, Refused, found, route


class MemberRoutes:
    def __init__(self) -> None:
        super().__init__()
        self.members: dict[str, dict[str, Any]] = {}
        self.invitations: dict[str, dict[str, Any]] = {}
        self.add_member("owner@example.com", "owner")
        self.add_member("olga@example.com", "member")

    def add_member(self, email: str, role: str) -> None:
        member = {"id": uuid4().hex, "email": email, "role": role, "joined_at": now()}
        self.members[member["id"]] = member

    @route("GET", "/api/invite-user")
    def list_people(self, query: Any, body: Any) -> Answer:
        return 200, {"members": list(self.members.values()), "invitations": list(self.invitations.values())}

    @route("POST", "/api/invite-user")
    def invite(self, query: Any, body: dict[str, str]) -> Answer:
        if any(one["email"] == body["email"] for one in self.members.values()):
            raise Refused(409, f"email: {body['email']} is a member of this workspace already")
        until = (datetime.now(UTC) + timedelta(days=14, minutes=1)).isoformat()
        times = {"created_at": now(), "expires_at": until}
        invitation: dict[str, Any] = {
            "id": str(uuid4()),
            **body,
            "invited_by": "owner@example.com",
            **times,
            "link": None,
        }
        self.invitations[invitation["id"]] = invitation
        return 201, {**invitation, "link": "https://gero.test/invitation?code=ginv_shown_once"}

    @route("DELETE", "/api/invite-user/{invitation}")
    def revoke_invitation(self, query: Any, body: Any, invitation: str) -> Answer:
        del self.invitations[found(self.invitations, invitation, "invitation")["id"]]
        return 204, None

    @route("PATCH", "/api/members/{member}")
    def change_role(self, query: Any, body: dict[str, str], member: str) -> Answer:
        changed = found(self.members, member, "member")
        changed["role"] = body["role"]
        return 200, changed

    @route("DELETE", "/api/members/{member}")
    def remove_member(self, query: Any, body: Any, member: str) -> Answer:
        if found(self.members, member, "member")["role"] == "owner":
            raise Refused(409, "this is the last owner of the workspace; make somebody else an owner first")
        del self.members[member]
        return 204, None
