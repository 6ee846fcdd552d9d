"""The clock of EventBridge rules and schedules."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from infra.local.backend.wiring import ACCOUNT, REGION
from infra.local.inventory import Schedule
from infra.local.triggers.cron import next_due
from infra.local.triggers.delivery import Delivery

_LOG = logging.getLogger(__name__)


class UnknownScheduleError(LookupError):
    """No schedule has this name, or more than one."""


class Clock:
    """Fires schedules when they are due, or at once. Lives on the loop."""

    def __init__(self, schedules: Iterable[Schedule], delivery: Delivery) -> None:
        self._schedules = list(schedules)
        self._delivery = delivery

    async def run(self) -> None:
        """Fire every enabled schedule at its time, for ever."""
        await asyncio.gather(*(self._repeat(schedule) for schedule in self._schedules if schedule.enabled))

    def fire(self, name: str) -> None:
        """Fire one schedule now (blocking); `name` is a part of its name or of a target's that fits no other."""
        fitting = [schedule for schedule in self._schedules if _is_meant(schedule, name)]
        if len(fitting) != 1:
            names = ", ".join(schedule.name for schedule in self._schedules)
            raise UnknownScheduleError(f"{name} fits {len(fitting)} of the schedules {names}")
        self._send(fitting[0], datetime.now(UTC))

    async def _repeat(self, schedule: Schedule) -> None:
        while True:
            now = datetime.now(ZoneInfo(schedule.timezone))
            due = next_due(schedule.expression, now)
            if due is None:
                return
            await asyncio.sleep((due - now).total_seconds())
            try:
                await asyncio.to_thread(self._send, schedule, due)
            except Exception:  # noqa: BLE001 one failed delivery must not stop the clock
                _LOG.exception("schedule %s", schedule.name)

    def _send(self, schedule: Schedule, moment: datetime) -> None:
        event = scheduled_event(schedule, moment) if schedule.has_event else {}
        for target in schedule.targets:
            self._delivery.send(target, event)


def scheduled_event(schedule: Schedule, moment: datetime) -> dict[str, Any]:
    """The event that a scheduled rule sends to its targets."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [schedule.arn],
        "detail": {},
    }


def _is_meant(schedule: Schedule, name: str) -> bool:
    called = [schedule.name, *(target["Arn"] for target in schedule.targets)]
    return any(_plain(name) in _plain(text) for text in called)


def _plain(name: str) -> str:
    """Construct ids lose their punctuation in physical names."""
    return "".join(character for character in name.lower() if character.isalnum())
