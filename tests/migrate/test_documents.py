"""The documents' migration guide: a sample of v2, rewritten, does on the wire what that of v3 beside it does."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

import dgasync
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler
from tests.compat.samples import FIXES, PRINTED
from tests.hosting import hosted
from tests.migrate import documents
from tests.migrate.checked import checked, compiled, left

RULER = Ruler(1.0)
WAV = RULER.wav()
IMPORTS = "import asyncio, aiohttp, json\n"
V3_IMPORTS = "from deepgram import FileSource, PrerecordedOptions, LiveOptions, LiveTranscriptionEvents\n"


@pytest.fixture
def workplace(tmp_path: Path, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    """A machine as the samples expect it: a key, and recordings in the folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("preamble.wav", "interview_speech-analytics.wav"):
        Path(name).write_bytes(WAV)
    monkeypatch.setenv("DEEPGRAM_API_KEY", "YOUR_DEEPGRAM_API_KEY")
    monkeypatch.setattr("dgasync.config.DEFAULT_URL", deepgram_server.url)
    return deepgram_server


def run(text: str, **names: Any) -> dict[str, Any]:
    """Run code that may `await` at its top."""

    async def waiting() -> None:
        found = eval(compiled(text), names)
        if isinstance(found, Awaitable):
            await found

    asyncio.run(waiting())
    return names


def asked(server: LocalServer) -> list[tuple[Any, ...]]:
    """What the server was asked, as far as it matters: not how the audio was cut, nor the name of the client."""
    found = [
        (each.method, each.path, sorted(each.query), each.headers["Authorization"], each.sha256, each.messages)
        for each in server.requests
    ]
    server.reset()
    return found


def v3(number: int) -> str:
    """The sample of v3 beside one of v2, rewritten."""
    text = PRINTED[documents.AFTER[number]]
    broken, fixed = FIXES.get(documents.AFTER[number], ("", ""))
    return checked(V3_IMPORTS + PRINTED[3] + text.replace(broken, fixed)).text


@pytest.mark.parametrize("number", documents.LINES)
def test_the_copies_are_the_documents(number: int, shared: Path) -> None:
    """What is rewritten here is what the documents print, character by character."""
    lines = (shared / "docs" / "user-documents.md").read_text().splitlines()
    first, last = documents.LINES[number]

    assert (lines[first - 1], lines[last - 1]) == ("```python", "```")
    assert documents.PRINTED[number].splitlines() == lines[first : last - 1]


def test_a_client() -> None:
    """A client of v2 is one of dgasync, its comments where they were."""
    made = checked(documents.sample(2))

    assert made.text == (
        documents.sample(2)
        .replace("from deepgram import Deepgram", "from dgasync import DeepgramClient")
        .replace(" Deepgram(", " DeepgramClient(")
    )
    assert made.findings == []


def test_a_file(workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """A local file: the same request, and the same JSON printed."""
    before = checked(IMPORTS + documents.sample(2) + documents.sample(4))
    assert left(before) == []
    run(before.text)["audio"].close()  # which the sample forgets
    printed, request = json.loads(capsys.readouterr().out), asked(workplace)
    run(v3(4))

    assert request == asked(workplace)
    assert request[0][4] == hashlib.sha256(WAV).hexdigest()
    assert printed["results"] == json.loads(capsys.readouterr().out)["results"]
    assert printed["results"]["channels"][0]["alternatives"][0]["words"]


def test_a_url(workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording on the web."""
    with hosted(WAV) as url:
        text = documents.sample(6).replace("https://static.deepgram.com/examples/interview_speech-analytics.wav", url)
        run(checked(IMPORTS + documents.sample(2) + text).text)
        request, printed = asked(workplace), json.loads(capsys.readouterr().out)
        run(v3(6).replace("https://static.deepgram.com/examples/Bueller-Life-moves-pretty-fast.wav", url))

    assert request == asked(workplace)
    assert printed["results"] == json.loads(capsys.readouterr().out)["results"]


def live(text: str) -> str:
    """A sample of live speech inside the function that it needs."""
    body = indent(text, "  ")
    return f"{IMPORTS}{documents.sample(2)}async def main():\n{body}"


V3_LIVE = """\
from deepgram import DeepgramClient, LiveOptions, LiveTranscriptionEvents
dg_connection = DeepgramClient().listen.live.v("1")
dg_connection.on(LiveTranscriptionEvents.Transcript, lambda self, result, **kwargs: print(result.to_dict()))
dg_connection.start(LiveOptions(smart_format=True, interim_results=False, language="en-US", model="nova"))
dg_connection.send(WAV)
dg_connection.finish()
"""


def test_live_speech(workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """A stream of the web: the same session, and every word of it handed to the handler as the dict that v2 gave."""
    made = checked(live(documents.sample(8)))
    assert left(made) == []
    with hosted(WAV) as url:
        run(f"{made.text}await main()\n", URL=url)
    *words, closed = capsys.readouterr().out.splitlines()
    session = asked(workplace)
    run(checked(V3_LIVE).text, WAV=WAV)

    assert session == asked(workplace)
    assert session[0][5][-1] == '{"type":"CloseStream"}'
    assert closed == "Connection closed with code 1000."
    heard = [eval(line)["channel"]["alternatives"][0]["transcript"] for line in words]
    assert " ".join(heard).lower().replace(".", "") == RULER.text
    again = [eval(line)["channel"]["alternatives"][0]["transcript"] for line in capsys.readouterr().out.splitlines()]
    assert heard == again


def test_live_speech_that_is_refused(workplace: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no connection the code hears of it as it did: by an exception."""
    workplace.fail(Fault.status(402))
    run(f"{checked(live(documents.sample(8))).text}await main()\n", URL="")

    assert capsys.readouterr().out.startswith("Could not open socket: Project does not have enough credits")


ACCOUNT = """\
from deepgram import Deepgram
dg = Deepgram({'api_key': 'k' * 40, 'api_url': URL + '/v1'})
projects = await dg.projects.list()
project = projects['projects'][0]['project_id']
made = await dg.keys.create(project, 'a comment', ['member'], time_to_live_in_seconds=60)
listed = await dg.keys.list(project)
ids = [key['api_key']['api_key_id'] for key in listed['api_keys']]
gone = await dg.keys.delete(project, made['api_key_id'])
usage = await dg.usage.list_requests(project, {'limit': 3})
balances = await dg.billing.list_balance(project)
asked = type(listed), type(dict(usage))
"""


def test_the_account(deepgram_server: LocalServer) -> None:
    """Calls about the account find what v2 found: dicts where the code keeps them, objects where it only reads."""
    made = checked(ACCOUNT)
    names = run(made.text, URL=deepgram_server.url)

    assert names["made"]["api_key_id"] in names["ids"]
    assert names["asked"] == (dict, dict)
    assert isinstance(names["projects"], dgasync.ProjectsResponse)
    assert [(each.method, each.path.removeprefix("/v1/projects")) for each in deepgram_server.requests] == [
        ("GET", ""),
        *((method, f"/{names['project']}{path}") for method, path in [
            ("POST", "/keys"),
            ("GET", "/keys"),
            ("DELETE", f"/keys/{names['made']['api_key_id']}"),
            ("GET", "/requests"),
            ("GET", "/balances"),
        ]),
    ]  # fmt: skip


@pytest.mark.parametrize("number", PRINTED)
def test_v3_needs_its_imports_changed_and_nothing_else(number: int) -> None:
    """A sample of v3 stays as it is, but for the name of the package."""
    broken, fixed = FIXES.get(number, ("", ""))
    text = V3_IMPORTS + PRINTED[number].replace(broken, fixed)
    if number == 9:
        text = V3_IMPORTS + "def main():\n" + indent(PRINTED[9], "    ")

    made = checked(text)
    assert made.text == text.replace("from deepgram ", "from dgasync ")
    assert made.findings == []
