"""Programs that talk live and close nothing, as the documents' samples do: they leave without a word of complaint."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dgasync.server import LocalServer

SCENES = {
    "sync, native": """
def talk():
    with DeepgramClient("a-key", url=url).live(**RAW) as live:
        live.send(AUDIO)
    return live.result().text
run = talk
""",
    "sync, documented": """
def talk():
    told = []
    connection = DeepgramClient("a-key", url=url).listen.live.v("1")
    connection.on("Results", lambda self, result: told.append(result.text))
    connection.start(RAW)
    connection.send(AUDIO)
    connection.finish()
    return " ".join(filter(None, told))
run = talk
""",
    "asyncio": """
async def talk():
    async with AsyncDeepgramClient("a-key", url=url).live(**RAW) as live:
        await live.send(AUDIO)
    return live.result().text
run = lambda: asyncio.run(talk())
""",
    "trio": """
async def talk():
    async with AsyncDeepgramClient("a-key", url=url).live(**RAW) as live:
        await live.send(AUDIO)
    return live.result().text
run = lambda: trio.run(talk)
""",
}

PROGRAM = """
import asyncio, gc, sys
{imports}
from dgasync import AsyncDeepgramClient, DeepgramClient
from dgasync.testing import Ruler
url, RAW, AUDIO = sys.argv[1], dict(encoding="linear16", sample_rate=16000), Ruler(2.0).audio()
{scene}
for _ in range(3):
    print(run())
    gc.collect()
"""


@pytest.mark.parametrize("scene", SCENES)
def test_a_client_that_nobody_closes(scene: str, server: LocalServer) -> None:
    """A client that was used live and is then forgotten closes its connections itself, in silence."""
    code = PROGRAM.format(imports="import trio" if scene == "trio" else "", scene=SCENES[scene])
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code, server.url], capture_output=True, text=True, check=False
    )

    assert done.stdout == "w0 w1 w2 w3\n" * 3
    assert (done.returncode, done.stderr) == (0, "")
