"""The message of the evaluation queue: one candidate on one block of rows."""

import msgspec


class BatchJob(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a worker is asked to do. `parts`: how many times the batch was handed back with part of it done.

    `epoch`: how many times its run had been resumed when it was sent.
    """

    workspace_id: str
    leaderboard_id: str
    run_id: str
    round: int
    block: int
    candidate_id: str
    parts: int = 0
    epoch: int = 0

    @property
    def name(self) -> str:
        """The batch's name within its run; sorts by round and block."""
        return f"{self.round:03}/{self.block:05}/{self.candidate_id}"

    def encode(self) -> str:
        """The message body."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def decode(cls, body: str) -> "BatchJob":
        """The inverse of `encode`. msgspec.ValidationError when it is not such a message."""
        return msgspec.json.decode(body, type=cls)
