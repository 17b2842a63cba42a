"""An open loop: requests leave at their rate whether or not the ones before were answered, as people would send them.

A program of its own, so that the load does not share an interpreter with what measures it; prints JSON.
`python -m tests.bench.open_loop` reads {"url", "head", "rate", "seconds", "timeout", "prefix"} from its input.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.bench.clients import place, post


@dataclass
class Seen:
    """What came back: statuses (0: no answer), (second it left, milliseconds) of those accepted, and what lacked."""

    statuses: Counter[str] = field(default_factory=Counter)
    accepted: list[tuple[float, float]] = field(default_factory=list)
    refused_ms: list[float] = field(default_factory=list)
    without_retry_after: int = 0


async def ask(order: dict[str, Any], number: int, began: float, seen: Seen) -> None:
    left = time.perf_counter()
    body = json.dumps({"text": f"{order['prefix']}, number {number}."}).encode()
    writer = None
    try:
        async with asyncio.timeout(order["timeout"]):
            reader, writer = await asyncio.open_connection(*place(order["url"]))
            writer.write(post(order["head"] + "Connection: close\r\n", body))
            head = (await reader.read(-1)).partition(b"\r\n\r\n")[0]
        status = head[9:12].decode() or "0"
    except (OSError, TimeoutError):
        status, head = "0", b""
    finally:
        if writer is not None:
            writer.close()
    seen.statuses[status] += 1
    took = (time.perf_counter() - left) * 1000
    if status == "202":
        seen.accepted.append((left - began, took))
    elif status in ("429", "503"):
        seen.refused_ms.append(took)
        seen.without_retry_after += b"retry-after:" not in head.lower()


async def drive(order: dict[str, Any]) -> Seen:
    seen, began, waiting = Seen(), time.perf_counter(), set()
    for number in range(int(order["rate"] * order["seconds"])):
        ahead = began + number / order["rate"] - time.perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
        task = asyncio.create_task(ask(order, number, began, seen))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
    await asyncio.gather(*waiting)
    return seen


if __name__ == "__main__":
    found = asyncio.run(drive(json.load(sys.stdin)))
    json.dump(found.__dict__, sys.stdout)
