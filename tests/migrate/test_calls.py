"""v2's clients, recordings, account and answers."""

# ruff: noqa: E501  # code as it stands, a line a line

from __future__ import annotations

import pytest

from dgasync.migrate.account import BRANCHES
from tests.migrate.checked import checked, left, looks, lost

HEAD = "from deepgram import Deepgram\ndg = Deepgram(KEY)\n"
NEW_HEAD = "from dgasync import DeepgramClient\ndg = DeepgramClient(KEY)\n"

CLIENTS = {
    "a key": ("Deepgram('k')", "DeepgramClient('k')"),
    "a key by keyword": ("Deepgram(options=settings.DG_KEY)", "DeepgramClient(settings.DG_KEY)"),
    "settings": (
        "Deepgram({'api_key': KEY, 'api_url': 'https://dg.example.com/v1'})",
        'DeepgramClient(KEY, DeepgramClientOptions(url="https://dg.example.com"))',
    ),
    "an address as an old README had it": (
        "Deepgram({'api_key': KEY, 'api_url': 'http://localhost:8080/v1/listen'},)",
        'DeepgramClient(KEY, DeepgramClientOptions(url="http://localhost:8080"),)',
    ),
    "an address from elsewhere": (
        "Deepgram({'api_key': KEY, 'api_url': URL})",
        'DeepgramClient(KEY, DeepgramClientOptions(url=URL.removesuffix("/v1")))',
    ),
}


@pytest.mark.parametrize("case", CLIENTS)
def test_clients(case: str) -> None:
    """A client is made of a key and an address, which has no version in it here."""
    before, after = CLIENTS[case]
    made = checked(f"from deepgram import Deepgram\nx = {before}\n")

    assert made.text.splitlines()[1] == f"x = {after}"
    assert left(made) == []


def test_settings_that_have_a_name() -> None:
    """Settings that were given a name are read by it."""
    made = checked("from deepgram import Deepgram\nS = {'api_key': K, 'suppress_warnings': True}\ndg = Deepgram(S)\n")

    assert made.text.endswith('\ndg = DeepgramClient(S["api_key"])\n')
    assert looks(made) == [(3, "Deepgram({'suppress_warnings': ...})")]


@pytest.mark.parametrize("args", ["", "*args", "a, b", "key=K", "{**settings}"])
def test_clients_that_are_not_certain(args: str) -> None:
    """What cannot be told is left, and listed."""
    made = checked(f"from deepgram import Deepgram\nx = Deepgram({args})\n")

    assert made.text.splitlines()[1] == f"x = DeepgramClient({args})"
    assert left(made) == [(2, f"Deepgram({args})")]


RECORDINGS = {
    "a URL, read at once": (
        "r = (await dg.transcription.prerecorded({'url': u}, {'punctuate': True}))['results']",
        "r = (await dg.listen.asyncprerecorded.v(\"1\").transcribe_url({'url': u}, {'punctuate': True}))['results']",
    ),
    "a file, without await": (
        "dg.transcription.sync_prerecorded({'buffer': f, 'mimetype': m})",
        "dg.listen.prerecorded.v(\"1\").transcribe_file({'buffer': f, 'mimetype': m})",
    ),
    "options by keyword": (
        "dg.transcription.sync_prerecorded({'url': u}, punctuate=True, keywords=['a:5'])",
        "dg.listen.prerecorded.v(\"1\").transcribe_url({'url': u}, PrerecordedOptions(punctuate=True, keywords=['a:5']))",
    ),
    "options by keyword and in a mapping": (
        "dg.transcription.sync_prerecorded({'url': u}, options, tier='nova')",
        "dg.listen.prerecorded.v(\"1\").transcribe_url({'url': u}, {**options, \"tier\": 'nova'})",
    ),
    "all by keyword": (
        "dg.transcription.sync_prerecorded(source={'url': u}, model='nova', timeout=300)",
        'dg.listen.prerecorded.v("1")'
        ".transcribe_url(source={'url': u}, options=PrerecordedOptions(model='nova'), timeout=300)",
    ),
    "a path and a timeout by position": (
        "dg.transcription.sync_prerecorded({'url': u}, None, '/listen/x', 300.0)",
        'dg.listen.prerecorded.v("1").transcribe_url({\'url\': u}, timeout=300.0, endpoint="v1/listen/x")',
    ),
    "options that are not known here": (
        "dg.transcription.sync_prerecorded({'url': u}, {'ner': True, 'model': 'nova', 'dates': 1})",
        "dg.listen.prerecorded.v(\"1\").transcribe_url({'url': u}, {'model': 'nova'}, addons={'ner': True, 'dates': 1})",
    ),
    "a source that may be either": (
        "dg.transcription.sync_prerecorded(source)",
        '(dg.listen.prerecorded.v("1").transcribe_url if "url" in source '
        'else dg.listen.prerecorded.v("1").transcribe_file)(source)',
    ),
}


@pytest.mark.parametrize("case", RECORDINGS)
def test_recordings(case: str) -> None:
    """A recording is transcribed by the method for its source, with the same options, path and timeout."""
    before, after = RECORDINGS[case]
    made = checked(f"{HEAD}{before}\n")

    assert made.text.splitlines()[2] == after
    assert left(made) == []


def test_sources_are_followed() -> None:
    """What a source is, the dicts say that its name was bound to."""
    made = checked(
        f"{HEAD}source = {{'url': u}}\nif local:\n    source = {{'buffer': f}}\n"
        "a = {'buffer': f}\ndg.transcription.sync_prerecorded(a)\ndg.transcription.sync_prerecorded(source)\n"
        "dg.transcription.sync_prerecorded(make())\n"
    )

    lines = made.text.splitlines()
    assert lines[6] == 'dg.listen.prerecorded.v("1").transcribe_file(a)'
    assert lines[7].startswith('(dg.listen.prerecorded.v("1").transcribe_url if "url" in source else ')
    assert left(made) == [(9, "transcription.sync_prerecorded(...)")]


def test_formatting_is_kept() -> None:
    """Layout, quotes and comments of a call stay."""
    made = checked(
        f"{HEAD}async def main():\n\tr = await dg.transcription.prerecorded(\n\t\t{{ 'url': u }},  # the web\n\t\t{{\n"
        "\t\t\t'model': \"nova\",  # fast\n\t\t},\n\t)\n"
    )

    assert made.text == (
        f'{NEW_HEAD}async def main():\n\tr = await dg.listen.asyncprerecorded.v("1").transcribe_url(\n'
        "\t\t{ 'url': u },  # the web\n\t\t{\n\t\t\t'model': \"nova\",  # fast\n\t\t},\n\t)\n"
    )


ANSWERS = {
    "read": ("    print(r['results']['channels'][0].get('x'))\n", False),
    "dumped": ("    print(json.dumps(r, indent=4))\n", False),
    "a part dumped": ("    print(json.dumps(r['metadata']))\n", False),
    "dumped by a class": ("    print(json.dumps(r, cls=Mine))\n", True),
    "dumped into a file": ("    json.dump(r, file)\n", True),
    "returned": ("    return r\n", True),
    "printed": ("    print(r)\n", True),
    "asked": ("    return r.get('results'), 'x' in r\n", True),
    "written again": ("    r['n'] += 1\n", True),
    "written": ("    r['mine'] = 1\n", True),
    "written further down": ("    r['results']['mine'] = 1\n", True),
    "changed": ("    r['results']['channels'].append(1)\n", True),
    "bound again": ("    r = None\n", True),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_answers(case: str) -> None:
    """An answer is the dict that it was, unless all that is done with it can be done with the object."""
    rest, is_dict = ANSWERS[case]
    made = checked(f"{HEAD}import json\nasync def f():\n    r = await dg.keys.get('p', 'k')\n{rest}")

    call = "await dg.asyncmanage.v(\"1\").get_key('p', 'k')"
    assert f"    r = {f'({call}).to_dict()' if is_dict else call}\n" in made.text
    assert ("r.to_json(indent=4)" in made.text) == (case == "dumped")


def test_answers_that_come_later() -> None:
    """Through tasks and loops an answer is followed; where it comes out elsewhere, that is told."""
    made = checked(
        f"{HEAD}import asyncio\nr = asyncio.run(asyncio.wait_for(dg.projects.list(), 5))\nprint(r)\n"
        "s = loop.run_until_complete(dg.projects.list())['projects']\n"
        "asyncio.gather(dg.projects.list())\n"
    )

    assert made.text.splitlines()[3:] == [
        'r = asyncio.run(asyncio.wait_for(dg.asyncmanage.v("1").get_projects(), 5)).to_dict()',
        "print(r)",
        "s = loop.run_until_complete(dg.asyncmanage.v(\"1\").get_projects())['projects']",
        'asyncio.gather(dg.asyncmanage.v("1").get_projects())',
    ]
    assert looks(made) == [(7, "the answer of this call")]


ACCOUNT = {
    "projects.list()": "get_projects()",
    "projects.get(p)": "get_project(p)",
    "projects.update(p, name='n')": "update_project(p, name='n')",
    "projects.update(project)": 'update_project(project["project_id"], project["name"])',
    "projects.delete(p)": "delete_project(p)",
    "keys.list(p)": "get_keys(p)",
    "keys.get(p, key=k)": "get_key(p, key_id=k)",
    "keys.create(p, c, ['s'])": 'create_key(p, {"comment": c, "scopes": [\'s\']})',
    "keys.create(project_id=p, comment=c, scopes=s, time_to_live_in_seconds=9)": "create_key(project_id=p, "
    'options={"comment": c, "scopes": s, "time_to_live_in_seconds": 9})',
    "keys.delete(p, k)": "delete_key(p, k)",
    "members.list_members(p)": "get_members(p)",
    "members.remove_member(p, m)": "remove_member(p, m)",
    "scopes.get_scope(p, m)": "get_member_scopes(p, m)",
    "scopes.update_scope(p, m, 'owner')": "update_member_scope(p, m, {\"scope\": 'owner'})",
    "invitations.list_invitations(p)": "get_invites(p)",
    "invitations.send_invitation(p, option={'email': e})": "send_invite_options(p, options={'email': e})",
    "invitations.remove_invitation(p, e)": "delete_invite(p, e)",
    "invitations.leave_project(p)": "leave_project(p)",
    "usage.list_requests(p)": "get_usage_requests(p, {})",
    "usage.get_request(p, r)": "get_usage_request(p, r)",
    "usage.get_usage(p, {'start': s})": "get_usage_summary(p, {'start': s})",
    "usage.get_fields(project_id=p)": "get_usage_fields(project_id=p, options={})",
    "billing.list_balance(p)": "get_balances(p)",
    "billing.get_balance(p, b)": "get_balance(p, b)",
}


def test_account() -> None:
    """Each of v2's calls about the account is one of `manage`, with the same arguments."""
    text = "".join(f"    await dg.{before}\n" for before in ACCOUNT)
    made = checked(f"{HEAD}async def f():\n{text}")

    after = "".join(f'    await dg.asyncmanage.v("1").{call}\n' for call in ACCOUNT.values())
    assert made.text == f"{NEW_HEAD}async def f():\n{after}"
    assert left(made) == []
    names = {before.partition("(")[0] for before in ACCOUNT}
    assert names == {f"{branch}.{method}" for branch, calls in BRANCHES.items() for method in calls}


def test_account_that_is_not_certain() -> None:
    """Arguments that v2 moved about, and calls that nobody has, are listed and left."""
    text = (
        "    await dg.keys.create(p, c, s, 9)\n    await dg.keys.get(*args)\n    await dg.projects.update(p, name='n', x=1)\n"
        "    await dg.projects.update({'project_id': p})\n    await dg.projects.create('n')\n    b = dg.billing\n"
        "    t = dg.transcription.prerecorded\n    await dg.invitations.send(p)\n"
    )
    made = checked(f"{HEAD}async def f():\n{text}")

    assert made.text == f"{NEW_HEAD}async def f():\n{text}"
    assert [what for _, what in left(made)] == [
        *("keys.create(...)", "keys.get(...)", "projects.update(...)", "projects.update(...)", "projects.create(...)"),
        *("dg.billing", "dg.transcription.prerecorded", "invitations.send(...)"),
    ]
    assert lost(f"{HEAD}async def f():\n{text}", made) == []


def test_captions() -> None:
    """v2's captions are those of `dgasync.captions`."""
    text = f"{HEAD}dg.extra.to_SRT(r)\ns = dg.extra.to_WebVTT(r, line_length=4, readable=False)\ndg.extra.to_SRT(r, readable=x)\n"
    made = checked(text)

    assert made.text.splitlines()[1:] == [
        "from dgasync.captions import DeepgramConverter, srt, webvtt",
        *NEW_HEAD.splitlines()[1:],
        "print(srt(DeepgramConverter(r)))",
        "s = webvtt(DeepgramConverter(r), 4)",
        "dg.extra.to_SRT(r, readable=x)",
    ]
    assert left(made) == [(5, "extra.to_SRT(...)")]
    assert lost(text, made) == []


FOLLOWED = {
    "of the module, in a function": "dg = Deepgram(KEY)\nasync def f():\n    await CALL\n",
    "by an annotation": "async def f(dg: Deepgram):\n    await CALL\n",
    "first None": "dg = None\ndef a():\n    global dg\n    dg = Deepgram(KEY)\nasync def f():\n    await CALL\n",
    "of self": "class A:\n    def __init__(self):\n        self.dg = Deepgram(KEY)\n    async def f(self):\n        await SELF\n",
    "of self, given": "class A:\n    def __init__(self, d: Deepgram):\n        self.dg = d\n    async def f(self):\n        await SELF\n",
    "of the class": "class A:\n    dg = Deepgram(KEY)\n    async def f(self):\n        await SELF\n",
    "of a class above": "class B:\n    dg = Deepgram(KEY)\nclass A(B):\n    async def f(self):\n        await SELF\n",
    "made by a function": "def make():\n    return Deepgram(KEY)\nasync def f():\n    dg = make()\n    await CALL\n",
    "declared by a function": "@cache\ndef make() -> Deepgram: ...\nasync def f():\n    await make().projects.list()\n",
    "by a walrus": "async def f():\n    if (dg := Deepgram(KEY)): await CALL\n",
}  # fmt: skip


@pytest.mark.parametrize("case", FOLLOWED)
def test_followed(case: str) -> None:
    """A client is followed where its name can hold nothing else."""
    text = FOLLOWED[case].replace("CALL", "dg.projects.list()").replace("SELF", "self.dg.projects.list()")
    made = checked(f"from deepgram import Deepgram\n{text}")

    assert '.asyncmanage.v("1").get_projects()' in made.text
    assert left(made) == []


NOT_FOLLOWED = {
    "an argument": "async def f(dg):\n    return await dg.transcription.prerecorded(s)\n",
    "something else in between": "if x:\n    dg = Deepgram(KEY)\nelse:\n    dg = Fake()\nawait dg.transcription.prerecorded(s)\n",
    "of another object": "a.dg = Deepgram(KEY)\nawait a.dg.transcription.prerecorded(s)\n",
    "of two": "dg, x = Deepgram(KEY), 1\nawait dg.transcription.prerecorded(s)\n",
    "by itself": "dg = Deepgram(KEY)\ndg = a\na = dg\nawait dg.transcription.prerecorded(s)\n",
    "by a function of two": "def make():\n    return Deepgram(KEY) if x else None\nawait make().transcription.prerecorded(s)\n",
    "by a generator": "def make():\n    yield Deepgram(KEY)\nawait make().transcription.prerecorded(s)\n",
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_FOLLOWED)
def test_not_followed(case: str) -> None:
    """Where it may be another thing, nothing is guessed: the line is listed."""
    text = NOT_FOLLOWED[case]
    made = checked(f"from deepgram import Deepgram\n{text}")

    # A name that nothing here uses may be there for others to import.
    name = "DeepgramClient" if "Deepgram(" in text else "DeepgramClient as Deepgram"
    assert made.text == f"from dgasync import {name}\n{text}".replace("Deepgram(", "DeepgramClient(")
    assert [what.endswith(".transcription.prerecorded") for _, what in left(made)] == [True]


def test_a_local_name_is_not_the_module() -> None:
    """A variable called like the module, or like the client, is what it is bound to."""
    text = "def f(deepgram, Deepgram):\n    Deepgram(1).others.list()\n    return deepgram.Deepgram(2)\n"
    made = checked(f"import deepgram\nfrom deepgram import Deepgram\n{text}")

    assert made.text == f"import dgasync\nfrom dgasync import DeepgramClient as Deepgram\n{text}"
    assert left(made) == []


DECLARED = ["Deepgram", '"Deepgram"', "Deepgram | None", "Optional[Deepgram]", "dg.Deepgram", "'dg.Deepgram'"]


@pytest.mark.parametrize("kind", DECLARED)
def test_declared(kind: str) -> None:
    """An argument is what its annotation says, in whatever form."""
    made = checked(
        "import deepgram as dg\nfrom deepgram import Deepgram\nfrom typing import Optional\nx: Deepgram\n"
        f"def f(a: {kind}):\n    a.transcription.sync_prerecorded({{'url': u}})\n"
    )

    assert made.text.splitlines()[4:] == [
        f"def f(a: {kind.replace('Deepgram', 'DeepgramClient')}):",
        "    a.listen.prerecorded.v(\"1\").transcribe_url({'url': u})",
    ]
    assert left(made) == []


def test_the_module_and_a_client_of_the_same_name() -> None:
    """`deepgram = deepgram.Deepgram(...)` is certain: only the module has the one, and only the client what follows."""
    made = checked("import deepgram\ndeepgram = deepgram.Deepgram(KEY)\nx = asyncio.run(deepgram.keys.list(p))\n")

    assert made.text == (
        "import dgasync as deepgram\ndeepgram = deepgram.DeepgramClient(KEY)\n"
        'x = asyncio.run(deepgram.asyncmanage.v("1").get_keys(p))\n'
    )


def test_what_is_needed_is_imported() -> None:
    """What the rewritten code needs joins the imports that are there, whose lines and comments stay; or begins some."""
    call = "x = Deepgram({'api_key': K, 'api_url': U})\n"
    after = 'x = DeepgramClient(K, DeepgramClientOptions(url=U.removesuffix("/v1")))\n'
    heads = {
        "from deepgram import (\n    DeepgramApiError,  # a\n    # b\n    Deepgram,  # c\n)\n": "from dgasync import (\n"
        "    DeepgramApiError,  # a\n    # b\n    DeepgramClientOptions,\n    DeepgramClient,  # c\n)\n",
        '"""Doc."""\nfrom __future__ import annotations\nimport deepgram\nif 1:\n    from deepgram import Deepgram\n': '"""Doc."""\n'
        "from __future__ import annotations\nimport dgasync\nfrom dgasync import DeepgramClientOptions\n"
        "if 1:\n    from dgasync import DeepgramClient\n",
        "from deepgram import DeepgramClientOptions, Deepgram\n": "from dgasync import DeepgramClientOptions, DeepgramClient\n",
    }
    for head, new in heads.items():
        assert checked(head + call).text == new + after


def test_names_that_others_import() -> None:
    """A name that a module only hands on, or lists in `__all__`, keeps its spelling."""
    for text in ("", "__all__ = ['Deepgram']\ndg = Deepgram(KEY)\n"):
        made = checked(f"from deepgram import Deepgram\n{text}")

        assert made.text == f"from dgasync import DeepgramClient as Deepgram\n{text}"


@pytest.mark.parametrize(
    "args", ["*args", "a, b, c, d, e", "", "{'url': u}, endpoint=path", "options=o, timeout=1", "**kwargs"]
)
def test_recordings_that_are_not_certain(args: str) -> None:
    """Arguments that cannot be told apart are left, and listed."""
    made = checked(f"{HEAD}dg.transcription.sync_prerecorded({args})\n")

    assert made.text == f"{NEW_HEAD}dg.transcription.sync_prerecorded({args})\n"
    assert left(made) == [(3, "transcription.sync_prerecorded(...)")]


def test_options_that_are_hidden() -> None:
    """Mappings are spread as they were; one that holds what dgasync refuses is pointed at."""
    made = checked(
        f"{HEAD}o = {{'ner': True, **more}}\ndg.transcription.sync_prerecorded({{'url': u}}, o)\n"
        "dg.transcription.sync_prerecorded({'url': u}, **more)\n"
        "dg.transcription.sync_prerecorded({'url': u}, o, **more)\n"
        "dg.transcription.sync_prerecorded({'url': u}, dates=True)\n"
    )

    assert made.text.splitlines()[3:] == [
        "dg.listen.prerecorded.v(\"1\").transcribe_url({'url': u}, o)",
        "dg.listen.prerecorded.v(\"1\").transcribe_url({'url': u}, PrerecordedOptions(**more))",
        "dg.listen.prerecorded.v(\"1\").transcribe_url({'url': u}, {**o, **more})",
        'dg.listen.prerecorded.v("1").transcribe_url({\'url\': u}, addons={"dates": True})',
    ]
    assert [line for line in looks(made) if line[1] != "Deepgram(KEY)"] == [(4, "ner"), (6, "ner"), (7, "dates")]


def test_calls_of_what_is_not_known() -> None:
    """Code that looks like v2's, on things that come from elsewhere, is listed."""
    text = "from clients import dg\ndg.members.list_members(p)\ndg.keys.list(p)\nx.registerHandler(x.event.CLOSE, deepgram)\n"
    made = checked(text)

    assert made.text == text
    assert left(made) == [(2, "dg.members.list_members"), (4, "x.registerHandler(...)")]
    assert (3, "dg.keys.list") in left(checked(f"{text}from deepgram import Deepgram\n"))


def test_names_that_are_taken() -> None:
    """A name that the code uses for itself stays its own."""
    made = checked(
        "from deepgram import Deepgram\nclass DeepgramClient(Deepgram): ...\nclass DeepgramClientOptions: ...\n"
        "x = Deepgram({'api_key': KEY, 'api_url': 'http://localhost/v1'})\n"
    )

    assert made.text == (
        "from dgasync import DeepgramClient as Deepgram, DeepgramClientOptions as DgasyncDeepgramClientOptions\n"
        "class DeepgramClient(Deepgram): ...\nclass DeepgramClientOptions: ...\n"
        'x = Deepgram(KEY, DgasyncDeepgramClientOptions(url="http://localhost"))\n'
    )


def test_errors() -> None:
    """v2's errors, and what they tell."""
    made = checked(
        "from deepgram.errors import DeepgramApiError, DeepgramSetupError\n"
        "try: ...\nexcept DeepgramApiError as e:\n    print(e.error, e.http_error_status, e.request_id, e.warnings)\n"
        "except DeepgramSetupError: ...\n"
    )
    again = checked(made.text)

    assert made.text == (
        "from dgasync import DeepgramApiError, DeepgramApiKeyError\n"
        "try: ...\nexcept DeepgramApiError as e:\n    print(e.message, e.status, e.request_id, e.warnings)\n"
        "except DeepgramApiKeyError: ...\n"
    )
    assert left(made) == left(again) == [(4, "e.warnings")]
    assert looks(again) == []


def test_types() -> None:
    """v2's options were TypedDicts, which are `...Params` here."""
    made = checked(
        "from deepgram import Deepgram\nfrom deepgram._types import PrerecordedOptions, BufferSource, Hit\n"
        "S = PrerecordedOptions(punctuate=True)\ndef f(dg: Deepgram, s: BufferSource) -> Hit:\n"
        "    return dg.transcription.sync_prerecorded(s, S)\n"
    )

    assert made.text.startswith(
        "from dgasync import DeepgramClient\nfrom dgasync import ListenParams as PrerecordedOptions, BufferSource\n"
        "from deepgram._types import Hit\n"
    )
    assert left(made) == [(2, "from deepgram._types import Hit")]
