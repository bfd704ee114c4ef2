"""What a notebook shows of a project's usage, bills and lists, and of a text that was spoken."""

from __future__ import annotations

import re
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import dgasync
from dgasync.api.listing import Things
from dgasync.display.account import LISTS
from dgasync.display.page import clock, number
from dgasync.limits import SHOWN_BARS, SHOWN_ROWS
from dgasync.models.agents import AgentConfigurationsResponse, AgentVariablesResponse
from dgasync.models.catalogue import ModelsResponse, ThinkModelsResponse
from dgasync.models.projects import (
    CredentialsResponse,
    InvitesResponse,
    KeysResponse,
    MembersResponse,
    Project,
    ProjectsResponse,
)
from dgasync.models.speak import SpeakRESTResponse
from dgasync.models.usage import (
    Balance,
    BalancesResponse,
    BillingBreakdownResponse,
    PurchasesResponse,
    UsageBreakdownResponse,
    UsageRequestsResponse,
    UsageSummaryResponse,
)
from tests.transcript.test_html import HOSTILE, Read


def days(count: int) -> list[str]:
    return [(date(2024, 1, 1) + timedelta(day)).isoformat() for day in range(count)]


def bars(html: str) -> list[dict[str, str | None]]:
    return [attributes for tag, attributes in Read(html).elements if tag == "rect"]


def summary(count: int, **counted: Any) -> str:
    results = [{"start": day, "end": day, "hours": n, "requests": 2, **counted} for n, day in enumerate(days(count))]
    return UsageSummaryResponse.from_dict(
        {"start": "2024-01-01", "end": "2024-01-31", "results": results}
    )._repr_html_()


def test_usage() -> None:
    """Usage is a bar for each stretch, as high as its hours, and a table with the sums below it."""
    html = summary(3, tokens={"tokens_in": 5, "out": 0}, tts={"characters": None})

    assert [float(bar["height"] or 0) for bar in bars(html)] == [70.0, 140.0]  # none where there was nothing
    assert Read(html).text == (
        "Usage 2024-01-01 to 2024-01-31hours of audio, 2 at most2024-01-01 2024-01-03"
        "starthourstokens inrequests2024-01-01052"
        "2024-01-021522024-01-03252in all3156"
    )


def test_a_long_time() -> None:
    """Of years the latest stretches are drawn and the first rows are shown, and both say that there is more."""
    html = summary(SHOWN_BARS + 10)
    read = Read(html)

    assert len(bars(html)) == SHOWN_BARS
    assert f"the latest {SHOWN_BARS} stretches of {SHOWN_BARS + 10}" in read.text
    assert f"and {SHOWN_BARS + 10 - SHOWN_ROWS} more rows" in read.text
    assert len([tag for tag, _ in read.elements if tag == "tr"]) == SHOWN_ROWS + 2


def test_groups_over_time() -> None:
    """Groups are parts of the bars, with a colour each; of many the smallest are one."""
    lines = [
        {"requests": n + 1, "grouping": {"start": day, "end": day, "tags": [f"t{n}"]}}
        for day in days(2)
        for n in range(10)
    ]
    html = UsageBreakdownResponse.from_dict({"results": lines})._repr_html_()
    heights = [float(bar["height"] or 0) for bar in bars(html)]

    assert "■ t9  ■ t8  ■ t7  ■ t6  ■ t5  ■ t4  ■ t3  ■ 3 others" in Read(html).text
    assert len(heights) == 16
    assert sum(heights) == pytest.approx(280, abs=0.1)
    assert len({bar["fill"] for bar in bars(html)}) == 8


def test_nothing_to_draw() -> None:
    """What was counted of no time cannot be drawn over time."""
    lines = [{"hours": 0, "grouping": {"start": day}} for day in days(2)] + [{"hours": 1}]
    html = UsageBreakdownResponse.from_dict({"results": lines})._repr_html_()
    assert Read(html).text == "Usage starthours2024-01-0102024-01-020 1in all1"


def test_groups_of_one_stretch() -> None:
    """What has no course of time is drawn in its rows, the largest longest."""
    lines = [
        {"dollars": 12.5, "grouping": {"line_item": HOSTILE}},
        {"dollars": 1234.567, "grouping": {"line_item": "b"}},
    ]
    read = Read(BillingBreakdownResponse.from_dict({"results": lines})._repr_html_())
    drawn = [
        attributes["style"] or "" for tag, attributes in read.elements if "inline-block" in str(attributes.get("style"))
    ]

    assert [style.split("width:")[1].split(";")[0] for style in drawn] == ["0.05em", "5.00em"]
    assert read.text == f"Costs line itemdollars{HOSTILE} 12.5b 1,234.567in all1,247.067"
    assert "svg" not in [tag for tag, _ in read.elements]


def test_there_is_no_text_in_a_drawing() -> None:
    """A sanitizer that takes the drawing out leaves nothing of it behind."""
    inside = summary(3).partition("<svg")[2].partition("</svg>")[0]
    assert Read(f"<svg{inside}</svg>").text == ""


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            ProjectsResponse.from_dict({"projects": [{"project_id": "p", "name": HOSTILE, "mip_opt_out": True}]}),
            f"Projects project idnamemip opt outp{HOSTILE}yes",
        ),
        (
            BalancesResponse.from_dict({"balances": [{"balance_id": "b", "amount": 187.5, "units": "usd"}]}),
            "Balances balance idamountunitsb187.5usd",
        ),
        (PurchasesResponse.from_dict({"orders": [{"order_id": "o", "amount": 5}]}), "Purchases order idamounto5"),
        (
            MembersResponse.from_dict({"members": [{"email": "a@b.c", "scopes": ["x", "y"]}]}),
            "Members emailscopesa@b.cx, y",
        ),
        (InvitesResponse.from_dict({"invites": []}), "Invites nothing"),
        (InvitesResponse.from_dict({}), "Invites nothing"),
        (
            UsageRequestsResponse.from_dict({"requests": [{"request_id": "r", "path": "/v1/listen", "code": 200}]}),
            "Requests request idpathcoder/v1/listen200",
        ),
        (UsageSummaryResponse.from_dict({}), "Usage nothing"),
        (
            ModelsResponse.from_dict(
                {
                    "stt": [{"canonical_name": "nova-3", "languages": ["en", "de"], "batch": True}],
                    "tts": [{"canonical_name": "aura", "metadata": {"accent": HOSTILE, "image": "x"}}],
                }
            ),
            f"Models that hear canonical namelanguagesbatchnova-3en, deyesVoices canonical nameaccentaura{HOSTILE}",
        ),
        (
            ThinkModelsResponse.from_dict({"models": [{"id": "m", "provider": "open_ai"}]}),
            "Models that think idprovidermopen_ai",
        ),
        (
            CredentialsResponse.from_dict(
                {"distribution_credentials": [{"distribution_credentials": {"comment": "c"}, "member": {"email": "e"}}]}
            ),
            "Credentials commentemailce",
        ),
        (AgentConfigurationsResponse.from_dict({"agents": [{"agent_id": "a"}]}), "Agents agent ida"),
        (
            AgentVariablesResponse.from_dict({"variables": [{"key": "DG_TOKEN", "value": "secret"}]}),
            "Variables keyDG_TOKEN",
        ),
    ],
)
def test_lists(answer: Any, text: str) -> None:
    """Lists are tables of what is known."""
    assert Read(answer._repr_html_()).text == text


def test_what_all_gives() -> None:
    """The whole of a list is a table, too, and still a list; of what is not known here there is no look."""
    balances = Things([Balance(balance_id="b", amount=n) for n in range(2)])

    assert Read(balances._repr_html_() or "").text == "Balances balance idamountb0b1"
    assert Read(Things[Balance]()._repr_html_() or "").text == "nothing"
    assert balances == list(balances)
    assert Things([Balance(), Project()])._repr_html_() is None
    assert Things([1])._repr_html_() is None


def test_every_list_has_a_look() -> None:
    """Whatever there is a listing of is known."""
    folder = Path(dgasync.__file__).parent
    found = {
        kind for path in folder.glob("api/*.py") for kind in re.findall(r"-> AsyncListing\[(\w+)\]", path.read_text())
    }

    assert len(found) > 8
    assert found - {"T"} <= LISTS.keys()


def test_no_secret_is_shown() -> None:
    """Keys are told apart by their ids; what is secret of one is never shown."""
    key = {"api_key_id": "k-1", "key": "the-secret", "comment": "web", "scopes": ["listen"]}
    html = KeysResponse.from_dict({"api_keys": [{"member": {"email": "a@b.c"}, "api_key": key}, {}]})._repr_html_()

    assert Read(html).text == "Keys api key idcommentscopesemailk-1weblistena@b.c"
    assert "secret" not in html


def test_speech_in_memory() -> None:
    """A text that was spoken is a player; its content type says what raw sound is."""
    headers = {"content-type": "audio/l16;rate=8000"}
    html = SpeakRESTResponse.of(headers, sound=BytesIO(bytes(8_000)))._repr_html_()

    assert html is not None
    assert "linear16, 0.5 s" in html
    assert "data:audio/wav;base64,UklGR" in html  # RIFF


def test_speech_in_a_file() -> None:
    """A file that the notebook can reach is linked and not embedded; any other is not shown."""
    html = SpeakRESTResponse.of({}, filename="out/a b.mp3")._repr_html_()

    assert html is not None
    assert 'src="out/a%20b.mp3"' in html
    assert SpeakRESTResponse.of({}, filename="/tmp/a.mp3")._repr_html_() is None
    assert SpeakRESTResponse.of({}, filename="../a.mp3")._repr_html_() is None
    assert SpeakRESTResponse.of({})._repr_html_() is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (1234, "1,234"),
        (1234.5, "1,234.5"),
        (0.00004, "4e-05"),
        (-0.0, "0"),
        (float("inf"), "inf"),
        (2.0, "2"),
    ],
)
def test_numbers(value: float, shown: str) -> None:
    """Numbers have separators and no more digits than matter."""
    assert number(value) == shown


def test_times() -> None:
    """Times have hours where there are any; what is none is the beginning."""
    assert [clock(each) for each in (0, 59.9, 61, 3600, -1, float("nan"))] == [
        "0:00",
        "0:59",
        "1:01",
        "1:00:00",
        "0:00",
        "0:00",
    ]
