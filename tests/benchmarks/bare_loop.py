"""What nobody can do with less: ask, parse, compare. The line that the benchmarks measure against."""

import asyncio
import json

import aiohttp

from gero.datasets import Row

ROWS = [Row(id=f"q{n}", input=f"{'A note of some length. ' * 16}Repeat: {n}", expected=[str(n)]) for n in range(1000)]


async def bare_loop(url: str, in_flight: int) -> None:
    """Ask every row of one model, `in_flight` at once."""
    todo = iter(ROWS)
    right = 0

    async def lane(session: aiohttp.ClientSession) -> None:
        nonlocal right
        for row in todo:
            body = {"messages": [{"role": "user", "content": f"Answer.\n\n{row.input}"}], "model": "m"}
            async with session.post(url, json=body) as response:
                answer = json.loads(await response.read())["choices"][0]["message"]["content"]
            right += answer.strip() == row.expected[0]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)) as session:
        await asyncio.gather(*(lane(session) for _ in range(in_flight)))
    assert right == len(ROWS)
