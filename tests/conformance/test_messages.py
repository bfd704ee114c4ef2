"""Every message of the websockets that `asyncapi.yml` describes: the service's are held by types of ours, ours fit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from dgasync.models.events import AudioData
from tests.conformance import departures
from tests.conformance.messages import DECODERS, HELD, Message, narrowed
from tests.conformance.said import SAYS
from tests.conformance.schemas import (
    Instances,
    Walk,
    differences,
    faults,
    from_fields,
    own,
    structs_of,
    without_nulls,
)
from tests.conformance.tables import MESSAGES
from tests.conformance.test_answers import EXAMPLES

OPEN = frozenset(place.rpartition(".")[2] for place in departures.OPEN_MESSAGES)


def walk(message: Message) -> Walk:
    """Through a message, and the type that holds it."""
    found = Walk()
    found.beside(message.schema, HELD[message.key], message.key)
    return found


def test_every_message_is_here(asyncapi: dict[str, Message]) -> None:
    """The registry has each message of the service, and no other."""
    assert {key for key, each in asyncapi.items() if each.is_servers} == HELD.keys()
    assert len(asyncapi) == 65


@pytest.mark.parametrize("key", HELD)
def test_properties_are_attributes(key: str, asyncapi: dict[str, Message]) -> None:
    """Each property of a message is an attribute, and its type takes what the schema allows."""
    message = asyncapi[key]
    if not message.is_audio:
        found = walk(message)
        assert not found.missing
        assert not found.wrong
        assert found.narrow <= departures.OPEN_MESSAGES.keys()
    MESSAGES.show(key, "type")


def test_departures(asyncapi: dict[str, Message]) -> None:
    """What our types have beyond the description, and where they are narrower, is listed; and nothing else is."""
    named: dict[type, set[str]] = {}
    narrow: set[str] = set()
    for key in HELD:
        if asyncapi[key].is_audio:
            continue
        found = walk(asyncapi[key])
        narrow |= found.narrow
        for struct, names in found.named.items():
            named.setdefault(struct, set()).update(names)
    structs = {struct for key in HELD if not asyncapi[key].is_audio for struct in structs_of(HELD[key])}

    whole = {struct.__name__ for struct in structs - named.keys() if own(struct)}
    fields = {f"{struct.__name__}.{name}" for struct, names in named.items() for name in own(struct) - names}
    assert whole | fields == departures.MESSAGE_FIELDS.keys()
    assert narrow == departures.OPEN_MESSAGES.keys()


@pytest.mark.parametrize("key", HELD)
def test_messages_survive(key: str, asyncapi: dict[str, Message]) -> None:
    """Random messages come back as their own type, attribute by attribute, and encoded anew from these, not from bytes.

    Audio is what it was, byte for byte.
    """
    message = asyncapi[key]
    if message.is_audio:
        assert HELD[key] is AudioData
        assert AudioData(data=b"\x00\x01").raw == b"\x00\x01"
        MESSAGES.show(key, "frames")
        return

    @EXAMPLES
    @given(Instances().of(narrowed(message.schema, OPEN)))
    def survives(said: object) -> None:
        assert not faults(said, message.schema)
        held = DECODERS[message.channel](json.dumps(said).encode())
        assert type(held) is HELD[key]
        assert not list(differences(said, held))
        assert held.to_dict() == said
        encoded = from_fields(held)
        assert encoded == without_nulls(said)
        again = DECODERS[message.channel](json.dumps(encoded).encode())
        assert again == held

    survives()
    MESSAGES.show(key, "frames")


@pytest.mark.parametrize("key", HELD)
def test_what_services_do(key: str, asyncapi: dict[str, Message]) -> None:
    """Whatever is left out, null, new, or 1.0 for an integer: a message is read, and nothing of it is out of reach."""
    message = asyncapi[key]
    if message.is_audio:
        return

    @EXAMPLES
    @given(Instances(loose=True).of(narrowed(message.schema, OPEN)))
    def is_read(said: dict[str, object]) -> None:
        said["type"] = message.type
        held = DECODERS[message.channel](json.dumps(said).encode())
        assert type(held) is HELD[key]
        assert held.to_dict() == said

    is_read()


@pytest.mark.anyio
@pytest.mark.parametrize("channel", SAYS)
async def test_what_we_say(channel: str, asyncapi: dict[str, Message]) -> None:
    """Each message that the description lets a client send is sent by some method, and all of them are valid."""
    ours = {key: each for key, each in asyncapi.items() if each.channel == channel and not each.is_servers}
    audio = {key for key, each in ours.items() if each.is_audio}
    kinds = {each.type: key for key, each in ours.items() if key not in audio}
    sent = await SAYS[channel]()

    seen: set[str] = set()
    for frame in sent:
        if isinstance(frame, bytes):
            seen |= audio
            continue
        said = json.loads(frame)
        key = kinds[said["type"]]
        assert not faults(said, ours[key].schema), key
        seen.add(key)
    assert seen == ours.keys()
    for key in seen:
        MESSAGES.show(key, "type")
        MESSAGES.show(key, "frames")
