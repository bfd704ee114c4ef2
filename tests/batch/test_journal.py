"""What is done and what is not, in one file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dgasync.batch import Arrival, GivenUp, Item, Journal, JournalError, Totals
from dgasync.batch.answers import Kept
from dgasync.batch.items import Work
from dgasync.batch.journal import Changes, Known
from dgasync.errors import BadRequest
from dgasync.limits import BATCH_POISON
from tests.batch.services import said

ANSWER = said("hello", 3.0).body


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path) as opened:
        yield opened


def work(key: str = "a", **known: Any) -> Work:
    made = Work(Item(f"http://x/{key}", key=key), {"model": "nova-3"})
    for name, value in known.items():
        setattr(made, name, value)
    return made


def look(journal: Journal, made: Work, *, retry_failed: bool = False, resubmit_after: float | None = None) -> Known:
    (known,) = journal.look([made], retry_failed=retry_failed, resubmit_after=resubmit_after)
    return known


def write(journal: Journal, **lists: list[Any]) -> None:
    changes = Changes()
    for name, value in lists.items():
        setattr(changes, name, value)
    journal.write(changes, Totals())


def done(journal: Journal, key: str = "a") -> Work:
    made = work(key)
    look(journal, made)
    write(journal, started=[made])
    made.answer, made.request_id, made.audio, made.tries = Kept.of(ANSWER, "r-1"), "r-1", 3.0, 2
    write(journal, ended=[made])
    return made


def test_done(journal: Journal) -> None:
    """An answer is told until it was taken, then never again."""
    assert look(journal, work()) is Known.NEW
    done(journal)

    again = work()
    assert look(journal, again) is Known.TELL
    assert again.answer is not None
    assert (again.answer.transcript()[0].text, again.request_id, again.audio, again.tries) == ("hello", "r-1", 3.0, 2)
    assert journal.untold() == 1

    write(journal, taken=["a"])
    assert look(journal, work()) is Known.SKIP
    assert journal.untold() == 0


def test_answers_are_kept_only_if_asked_for(path: Path) -> None:
    """What was taken leaves no answer behind, or all of it."""
    for keep, texts in ((False, [None]), (True, [None, "hello"])):
        with Journal(path, keep_answers=keep) as journal:
            done(journal, f"kept {keep}")
            write(journal, taken=[f"kept {keep}"])
            assert [each.transcript and each.transcript.text for each in journal.results()] == texts


def test_failed(journal: Journal) -> None:
    """It is told once with its error, and done again only if that is asked for."""
    made = work()
    look(journal, made)
    write(journal, started=[made])
    made.error, made.tries = BadRequest("too quiet", 400), 3
    write(journal, ended=[made])

    again = work()
    assert look(journal, again) is Known.TELL
    assert isinstance(again.error, GivenUp)
    assert (again.error.kind, again.error.status) == ("BadRequest 400", 400)
    assert "too quiet" in str(again.error)
    write(journal, taken=["a"])
    assert look(journal, work()) is Known.SKIP_FAILED
    retried = work()
    assert look(journal, retried, retry_failed=True) is Known.NEW
    assert retried.tries == 0
    assert journal.report().failures == {"BadRequest 400": 1}


def test_changed(journal: Journal) -> None:
    """Other options are another question."""
    done(journal)
    write(journal, taken=["a"])
    with Journal(journal.path) as later:
        later.begin()  # another run
        other = Work(Item("http://x/a", key="a"), {"model": "nova-2"})
        assert look(later, other) is Known.NEW
        assert other.tries == 0


def test_one_key_for_two(journal: Journal) -> None:
    """What stands under a key in this very run is not done again as something else; an address may be signed anew."""
    journal.begin()
    done(journal)

    assert look(journal, Work(Item("http://x/b", key="a"), {"model": "nova-3"})) is Known.CLASH
    assert look(journal, Work(Item("http://x/a?signed=2", key="a"), {"model": "nova-3"})) is Known.TELL


def test_killed(journal: Journal) -> None:
    """What a run was at when it ended is done again, and counted; at last it is given up."""
    for crashes in range(BATCH_POISON):
        made = work()
        assert look(journal, made) is Known.NEW
        assert made.crashes == crashes
        write(journal, started=[made])

    made = work()
    assert look(journal, made) is Known.POISON
    assert "try it alone" in str(made.error)
    write(journal, ended=[made])
    assert look(journal, work()) is Known.TELL


def test_let_go(journal: Journal) -> None:
    """What a run let go of is not held against it."""
    made = work(tries=1)
    look(journal, made)
    write(journal, started=[made], released=[made])
    again = work()
    assert look(journal, again) is Known.NEW
    assert again.crashes == 0


def test_submitted(journal: Journal) -> None:
    """It waits for its callback, or not for ever."""
    made = work()
    look(journal, made)
    made.request_id = "r-9"
    write(journal, started=[made], submitted=[made])

    assert look(journal, work()) is Known.SKIP
    assert look(journal, work(), resubmit_after=3600.0) is Known.SKIP
    assert look(journal, work(), resubmit_after=-1.0) is Known.NEW
    assert journal.report().submitted == 1
    assert journal.accept("r-9", ANSWER) is Arrival.NEW
    assert journal.accept("r-9", ANSWER) is Arrival.AGAIN
    (result,) = journal.results(new=True)
    assert (result.key, result.transcript and result.transcript.text) == ("a", "hello")
    assert journal.report().audio_seconds == 3.0


def test_a_callback_that_is_early(journal: Journal) -> None:
    """The answer may be here before the submission is written."""
    assert journal.accept("r-9", ANSWER) is Arrival.EARLY
    assert journal.accept("r-9", ANSWER) is Arrival.EARLY
    made = work()
    look(journal, made)
    made.request_id = "r-9"
    write(journal, started=[made])  # the answer to the submission came just then
    assert journal.accept("r-9", ANSWER) is Arrival.EARLY
    write(journal, submitted=[made])

    assert look(journal, work()) is Known.TELL


def test_a_callback_that_reports_failure(journal: Journal) -> None:
    """It is given up."""
    made = work(request_id="r-9")
    write(journal, started=[made], submitted=[made])
    assert journal.accept("r-9", None, BadRequest("no audio", 400)) is Arrival.NEW
    assert [str(each.error) for each in journal.results(new=True)] == ["It was given up: no audio"]


def test_results_are_told_once(journal: Journal) -> None:
    """Each counts as told when the next is asked for, in the order in which they came up."""
    keys = [f"{n:03}" for n in range(250)]
    for key in keys:
        done(journal, key)

    found = journal.results(new=True)
    assert [next(found).key for _ in range(120)] == keys[:120]
    assert journal.untold() == 250 - 119
    found.close()
    assert [each.key for each in journal.results(new=True)] == keys[119:]
    assert list(journal.results(new=True)) == []
    assert [each.key for each in journal.results()] == keys


def test_notes_come_back(journal: Journal) -> None:
    """What a manifest said beside the recording."""
    made = Work(Item("http://x/a", key="a", note={"agent": "Eva"}), {})
    write(journal, started=[made])
    made.answer = Kept.of(ANSWER, None)
    write(journal, ended=[made])
    assert [each.item.note for each in journal.results()] == [{"agent": "Eva"}]


def test_one_run_at_a_time(path: Path, journal: Journal) -> None:
    """A second run is refused, here and in another process; reading and callbacks go on."""
    journal.begin()
    code = (
        f"from dgasync.batch import Journal\nwith Journal({str(path)!r}) as journal:\n print(journal.report().items)\n"
    )
    with Journal(path) as other:
        with pytest.raises(JournalError, match="Another batch runs"):
            other.begin()
        done(journal)
        assert other.accept("r-1", ANSWER) is Arrival.AGAIN
    process = subprocess.run(
        [sys.executable, "-c", code + " journal.begin()"], capture_output=True, text=True, check=False
    )
    assert process.stdout == "1\n"
    assert "JournalError: Another batch runs" in process.stderr
    journal.end()
    with Journal(path) as other:
        other.begin()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_run_lets_go(path: Path) -> None:
    """The lock ends with the process, and what it had written is there."""
    code = (
        "import os, signal\nfrom dgasync.batch import Item, Journal, Totals\nfrom dgasync.batch.items import Work\n"
        "from dgasync.batch.answers import Kept\nfrom dgasync.batch.journal import Changes\n"
        f"journal = Journal({str(path)!r})\njournal.begin()\n"
        "works = [Work(Item('http://x/' + key, key=key), {'model': 'nova-3'}) for key in 'ab']\n"
        "journal.look(works, retry_failed=False, resubmit_after=None)\n"
        "changes = Changes()\nchanges.started = works\nchanges.ended = works[:1]\n"
        f"works[0].answer = Kept.of({ANSWER!r}, None)\n"
        "journal.write(changes, Totals())\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = subprocess.run([sys.executable, "-c", code], check=False)
    assert process.returncode == -9
    with Journal(path) as journal:
        journal.begin()
        assert look(journal, work()) is Known.TELL
        again = work("b")
        look(journal, again)
        assert again.crashes == 1


def test_the_report_adds_up_runs(path: Path) -> None:
    """Recordings as they are now, and what all runs asked and waited for."""
    for _ in range(2):
        with Journal(path) as journal:
            journal.begin()
            changes = Changes()
            changes.taken.append("nobody")
            journal.write(changes, Totals(requests=5, retries=1, waited_seconds=2.0, elapsed_seconds=10.0))
    with Journal(path) as journal:
        report = journal.report()
    assert (report.requests, report.retries, report.waited_seconds, report.elapsed_seconds) == (10, 2, 4.0, 20.0)
    assert report.items == 0


def test_what_is_no_journal(tmp_path: Path) -> None:
    """Text, another database, a newer one, a folder: each is refused in words, and left as it was."""
    text = tmp_path / "text.db"
    text.write_text("nothing of the kind, but long enough to be looked at" * 100)
    before = text.read_bytes()
    with pytest.raises(JournalError, match="cannot be used"):
        Journal(text)
    assert text.read_bytes() == before
    for name, pragma in (("other", "application_id = 7"), ("newer", "user_version = 99")):
        if name == "newer":
            Journal(tmp_path / name).close()
        database = sqlite3.connect(tmp_path / name)
        database.execute(f"PRAGMA {pragma}")
        database.execute("CREATE TABLE more (x)")
        database.commit()
        database.close()
        with pytest.raises(JournalError, match=r"something else|newer"):
            Journal(tmp_path / name)
    with pytest.raises(JournalError):
        Journal(tmp_path)


def test_threads(journal: Journal) -> None:
    """Several may write at once."""
    threads = [threading.Thread(target=lambda n=n: [done(journal, f"{n}-{m}") for m in range(20)]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.report().done == 80
    assert "archive.db" in repr(journal)


def test_a_callback_that_is_late(journal: Journal) -> None:
    """An answer counts, though the recording was submitted again since and that failed; a refusal does not then."""
    made = work()
    look(journal, made)
    made.request_id = "r-9"
    write(journal, started=[made], submitted=[made])
    made.error = BadRequest("no audio", 400)
    write(journal, ended=[made])

    assert journal.accept("r-9", None, BadRequest("again", 400)) is Arrival.AGAIN
    assert journal.accept("r-9", ANSWER) is Arrival.NEW
    assert look(journal, work()) is Known.TELL
