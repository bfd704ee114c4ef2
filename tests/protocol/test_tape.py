"""Audio that is kept until it is heard for good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync.limits import REPLAY_AUDIO, REPLAY_BYTES
from dgasync.protocol.tape import Replay, Tape
from dgasync.protocol.track import Place, RawTrack

MANY = 1 << 30
RAW = {"encoding": "linear16", "sample_rate": 100, "channels": 2}  # 400 bytes a second, 4 a sample


def tape() -> Tape:
    track = RawTrack.of(RAW)
    assert track is not None
    return Tape(track)


def rest(tape: Tape, now: float = 0.0, size: int = MANY) -> list[bytes | str]:
    """Everything that goes out from here on."""
    items: list[bytes | str] = []
    while (item := tape.next(now, size)) is not None:
        items.append(item)
    return items


def audio(items: list[bytes | str]) -> bytes:
    return b"".join(item for item in items if isinstance(item, bytes))


def bytes_of(seconds: float, first: int = 0) -> bytes:
    return bytes((first + i) % 251 for i in range(round(400 * seconds)))


# ── raw audio ──


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        ({"encoding": "linear16", "sample_rate": 16000}, 32000),
        ({"encoding": "linear16", "sample_rate": "16000", "channels": 2}, 64000),
        ({"encoding": "linear32", "sample_rate": 8000}, 32000),
        ({"encoding": "mulaw", "sample_rate": 8000}, 8000),
        ({"encoding": "alaw", "sample_rate": 8000, "channels": 3}, 24000),
    ],
)
def test_raw(options: dict[str, object], rate: int) -> None:
    """Raw audio begins anew at any whole sample."""
    track = RawTrack.of(options)
    assert track is not None
    frame = rate // int(str(options["sample_rate"]))

    assert (track.header(rate), track.obstacle, track.seconds(rate)) == (b"", None, 1.0)
    assert track.place(0.5 + 0.4 * frame / rate) == Place(rate // 2, 0.5)
    assert track.place_behind(rate + 1) == Place(rate + frame, (rate + frame) / rate)


@pytest.mark.parametrize("options", [{}, {"encoding": "opus", "sample_rate": 48000}, {"encoding": "linear16"}])
def test_not_raw(options: dict[str, object]) -> None:
    """What is compressed, or of unknown rate, is no raw audio."""
    assert RawTrack.of(options) is None


def test_rounded_times() -> None:
    """A time that was rounded to six digits, or to 32 bits, means the sample it was made from."""
    track = RawTrack(88200.0, 2)
    for seconds in (0.39999998, 0.4, 0.400000006):
        assert track.place(seconds).position == 35280


# ── the tape ──


def test_recorded_and_confirmed() -> None:
    """What is heard for good is forgotten, in whole chunks."""
    kept = tape()
    for second in range(4):
        kept.record(bytes_of(1), float(second))
    assert (kept.first, kept.cursor, kept.end, kept.seconds) == (0, 1600, 1600, 4.0)

    kept.confirm(2.5)

    assert (kept.first, kept.seconds, kept.is_behind) == (800, 2.0, False)


def test_rewound() -> None:
    """Sent again is what follows the last final result, to the sample."""
    kept = tape()
    whole = bytes_of(4)
    for start in range(0, 1600, 400):
        kept.record(whole[start : start + 400], 0.0)
    kept.confirm(2.5)

    assert kept.rewind(2.5) == Replay(2.5, 0.0)

    assert (kept.first, kept.cursor, kept.end, kept.is_behind) == (1000, 1000, 1600, True)
    assert audio(rest(kept)) == whole[1000:]
    assert (kept.cursor, kept.is_behind) == (1600, False)


def test_rewound_within_what_waits() -> None:
    """A second loss, before all was sent again, loses nothing either."""
    kept = tape()
    whole = bytes_of(4)
    kept.record(whole, 0.0)
    kept.rewind(1.0)
    kept.next(0.0, 400)
    kept.put(b"more")

    assert kept.rewind(1.5) == Replay(1.5, 0.0)
    assert audio(rest(kept)) == whole[600:] + b"more"


def test_pieces() -> None:
    """What waits goes out in pieces, with what came meanwhile behind it."""
    kept = tape()
    kept.record(bytes_of(1), 0.0)
    kept.rewind(0.0)

    first = kept.next(5.0, 150)
    kept.put(b"later")

    assert audio([first or b"", *rest(kept, size=150)]) == bytes_of(1) + b"later"


def test_messages_keep_their_place() -> None:
    """A message goes out between the same bytes again, and the last one is never lost."""
    kept = tape()
    kept.record(bytes_of(1), 0.0)
    kept.record("Finalize", 0.0)
    kept.record(bytes_of(1), 0.0)
    kept.record("CloseStream", 0.0)

    kept.rewind(0.5)
    assert rest(kept) == [bytes_of(1)[200:], "Finalize", bytes_of(1), "CloseStream"]
    kept.confirm(2.0)
    kept.rewind(2.0)

    assert rest(kept) == ["CloseStream"]


def test_a_message_at_the_place_waits_for_its_answer() -> None:
    """A message behind which nothing is final yet goes out again; one with final audio behind it does not."""
    kept = tape()
    kept.record(bytes_of(1), 0.0)
    kept.record("Finalize", 0.0)
    kept.record(bytes_of(1), 0.0)

    kept.confirm(1.0)
    kept.rewind(1.0)
    assert rest(kept) == ["Finalize", bytes_of(1)]

    kept.confirm(2.0)
    kept.rewind(2.0)
    assert rest(kept) == []


def test_bounds() -> None:
    """It is full after so many seconds, or bytes; what was sent first is forgotten, never what waits."""
    kept = tape()
    for second in range(int(REPLAY_AUDIO)):
        assert not kept.is_full()
        kept.record(bytes_of(1), float(second))
    assert kept.is_full()

    kept.make_room()
    assert (kept.first, kept.is_full()) == (400, False)
    assert kept.rewind(0.0) == Replay(1.0, 1.0)

    kept.put(bytes_of(1))
    kept.make_room()
    assert (kept.first, kept.is_full()) == (400, True)


def test_bytes_are_bounded_too() -> None:
    """Audio of a high rate is bounded by its bytes."""
    kept = Tape(RawTrack(float(REPLAY_BYTES), 2))
    kept.record(bytes(REPLAY_BYTES), 0.0)

    assert kept.is_full()


def test_a_place_that_is_gone() -> None:
    """From inside a chunk that is gone it begins at the first whole sample, and says how much is lost."""
    kept = Tape(RawTrack(400.0, 4))
    kept.record(bytes(402), 0.0)
    for _ in range(59):
        kept.record(bytes(400), 0.0)
    kept.make_room()
    assert kept.first == 402

    assert kept.rewind(0.5) == Replay(404 / 400, 404 / 400 - 0.5)


def test_patience() -> None:
    """Who gives audio faster than it is spoken can wait for room, who gives it as it is spoken cannot."""
    file, speech = tape(), tape()
    for second in range(10):
        file.record(bytes_of(1), 0.1)
        speech.record(bytes_of(1), float(second))

    assert file.patience(0.1) == 10.0
    assert file.patience(5.1) == 5.0
    assert speech.patience(10.0) == 0.0
    file.rewind(0.0)
    assert file.patience(100.0) == REPLAY_AUDIO


class Boxed(RawTrack):
    """A format with a header of ten bytes, and a box at every hundredth byte."""

    HEADER = b"0123456789"

    def __init__(self) -> None:
        super().__init__(100.0, 100)
        self.forgotten = 0

    def header(self, position: int, /) -> bytes:
        return self.HEADER

    def forget(self, position: int, /) -> None:
        self.forgotten = position


def test_the_header_goes_first() -> None:
    """A container begins with its header again, except at its very beginning, where that is still on the tape."""
    track = Boxed()
    kept = Tape(track)
    kept.record(Boxed.HEADER + bytes(390), 0.0)
    kept.rewind(0.0)
    assert rest(kept) == [Boxed.HEADER + bytes(390)]

    kept.rewind(2.0)
    assert kept.next(0.0, 50) == Boxed.HEADER
    kept.rewind(2.0)
    assert rest(kept) == [Boxed.HEADER, bytes(200)]
    assert track.forgotten == 200


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("give"), st.integers(1, 3000)),
            st.tuples(st.just("go"), st.integers(1, 2000)),
            st.tuples(st.just("confirm"), st.integers(0, 1500)),
            st.tuples(st.just("lose"), st.integers(0, 1500)),
            st.tuples(st.just("room"), st.just(0)),
        ),
        max_size=60,
    )
)
def test_whatever_happens(steps: list[tuple[str, int]]) -> None:
    """What is sent on a connection is the audio from where it begins, in order; only room costs audio, and says so."""
    kept, whole, final, sent = tape(), b"", 0.0, b""
    begins, evicted = 0, 0
    for step, number in steps:
        if step == "give":
            chunk = bytes((len(whole) + i) % 251 for i in range(number))
            whole += chunk
            if kept.is_behind:
                kept.put(chunk)
            else:
                kept.record(chunk, 0.0)
                sent += chunk
        elif step == "go":
            item = kept.next(0.0, number)
            sent += item if isinstance(item, bytes) else b""
        elif step == "confirm":
            final = max(final, min(number / 100, kept.cursor / 400))
            kept.confirm(final)
        elif step == "room":
            kept.make_room()
            evicted = max(evicted, kept.first)
        else:
            replay = kept.rewind(final)
            begins, sent = round(replay.start * 400), b""
            assert replay.lost == max(0.0, replay.start - final) or replay.lost == pytest.approx(0.0, abs=0.01)
            assert replay.start <= final + 0.01 or begins <= evicted + 4
        assert sent == whole[begins : begins + len(sent)]
        assert kept.first <= kept.cursor <= kept.end == len(whole)
        assert begins + len(sent) == kept.cursor
