"""Reach a Dask scheduler, and call it without waiting for ever."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from noisecore.paths import MIB, read_text

CONNECT = 10.0  # seconds that a scheduler has to answer

_Answer = TypeVar("_Answer")
_Answers = queue.SimpleQueue[tuple[Any, BaseException | None]]


def meet(address: str, file: str | None) -> None:
    """Raise unless a scheduler answers there, in time.

    distributed's own client waits for ever for the first answer, and leaves threads behind.
    """
    from distributed.comm import resolve_address
    from distributed.core import rpc
    from distributed.security import Security

    if file is not None:
        address = json.loads(read_text(file, MIB))["address"]

    async def ask() -> None:
        safely = Security().get_connection_args("client")
        async with rpc(address, timeout=CONNECT, connection_args=safely) as scheduler:
            if (await scheduler.identity())["type"] != "Scheduler":  # a Dask worker, perhaps
                raise ValueError

    async def ask_in_time() -> None:
        await asyncio.wait_for(ask(), CONNECT)

    resolve_address(address)  # raises what is wrong with the address itself
    try:
        asyncio.run(ask_in_time())
    except (OSError, TypeError):  # a TypeError says what TLS needs
        raise
    except Exception:  # distributed does not expect other answers: they may break it anywhere
        raise ValueError("what answers there is not a Dask scheduler") from None


def why_not(error: Exception) -> str:
    """Return in a few words why no scheduler answers, from the error that distributed raised."""
    if isinstance(error, TimeoutError) and not str(error):
        return f"no answer within {CONNECT:g} s"
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def begin(call: Callable[[], Any]) -> _Answers:
    """Begin a call in a thread of its own, which is abandoned if nobody takes its answer."""
    answers: _Answers = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put((call(), None))
        except BaseException as error:
            answers.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    return answers


def take(answers: _Answers, seconds: float) -> Any:
    """Return what a call gave; raise what it raised, or `TimeoutError` when it takes longer."""
    try:
        answer, error = answers.get(timeout=max(0.0, seconds))
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return answer


def within(seconds: float, call: Callable[[], _Answer]) -> _Answer:
    """Return what a call gives; raise `TimeoutError` when it takes longer."""
    answer: _Answer = take(begin(call), seconds)
    return answer
