"""Several things at once, told of in order."""

from __future__ import annotations

import anyio
import pytest

from dgasync.cli.several import AHEAD, in_order


def test_order() -> None:
    """Results come in the order of the things, in whichever order they are done; an error takes the place of one."""
    last_is_done, broken = anyio.Event(), ValueError("two")

    async def do(number: int) -> int:
        if number == 0:
            await last_is_done.wait()
        if number == 1:
            raise broken
        if number == 2:
            last_is_done.set()
        return number

    with in_order(do, range(3), 2) as results:
        assert list(results) == [0, broken, 2]


def test_so_many_at_once() -> None:
    """No more are done at once than there are jobs, and one that takes long holds the others back."""
    go, begun, busy, most = anyio.Event(), list[int](), [0], [0]

    async def do(number: int) -> int:
        begun.append(number)
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        if number == 2 * AHEAD - 1:  # the last that may wait
            go.set()
        await (go.wait() if number == 0 else anyio.lowlevel.checkpoint())
        busy[0] -= 1
        return number

    with in_order(do, range(30), 2) as results:
        assert next(results) == 0
        assert max(begun) == 2 * AHEAD - 1
        assert list(results) == list(range(1, 30))
    assert most == [2]


def test_the_end() -> None:
    """What ends the block cancels what is being done, and what has not begun; all of it is over then."""
    said = list[str]()

    async def do(number: int) -> None:
        said.append(f"{number} begins")
        try:
            if number:
                await anyio.sleep_forever()
        finally:
            said.append(f"{number} is over")

    def fail() -> None:
        with in_order(do, range(100), 2) as results:
            next(results)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert said[0] == "0 begins"
    begun = [each for each in said if each.endswith("begins")]
    assert len(begun) <= 3
    assert sorted(said) == sorted([*begun, *(each.replace("begins", "is over") for each in begun)])
