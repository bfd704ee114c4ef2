"""What was said, as models are told it."""

from __future__ import annotations

import pytest

from dgasync.server import conversation as module
from dgasync.server.conversation import Conversation

CALL = {"id": "1", "name": "f", "arguments": "{}", "client_side": True, "response": "done"}
TOLD_CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_messages() -> None:
    """The prompt comes first, what one says in several sentences is one message, and calls stand between."""
    conversation = Conversation([{"type": "History", "role": "user", "content": "Hi."}])
    conversation.say("assistant", "Hello.")
    conversation.say("assistant", "Who is it?")
    conversation.say("user", "Me.")
    assert conversation.call([CALL]) == {"type": "History", "function_calls": [CALL]}
    conversation.say("assistant", "Fine.")
    assert conversation.messages("Be kind.", None) == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Hello. Who is it?"},
        {"role": "user", "content": "Me."},
        {"role": "assistant", "content": None, "tool_calls": [TOLD_CALL]},
        {"role": "tool", "tool_call_id": "1", "content": "done"},
        {"role": "assistant", "content": "Fine."},
    ]
    assert conversation.last == {"type": "History", "role": "assistant", "content": "Fine."}


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest is told, as much of it as is wanted, but at least one; and not everything is kept for ever."""
    conversation = Conversation(())
    assert (conversation.last, conversation.messages("", 10)) == (None, [])
    for role, text in (("user", "12345"), ("assistant", "67890"), ("user", "abcdefghijkl")):
        conversation.say(role, text)
    assert [each["content"] for each in conversation.messages("", 17)] == ["67890", "abcdefghijkl"]
    assert [each["content"] for each in conversation.messages("", 0)] == ["abcdefghijkl"]
    monkeypatch.setattr(module, "MOST_CHARACTERS", 20)
    conversation.call([CALL])
    assert [each["role"] for each in conversation.messages("", None)] == ["user", "assistant", "tool"]
