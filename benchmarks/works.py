"""What is measured, by whom, and what was promised: one `Work` for each row of the table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

ALL = ("v3.2.7", "v3.11.0", "v7.17.0")


@dataclass(frozen=True)
class Work:
    """One row: the same work by each library, each time in a process of its own."""

    name: str
    title: str
    function: str
    """Of each library's module in `variants`; `ours` may name another one for dgasync."""
    metric: str
    unit: str
    """Of the figures that give the scale: ms, us, MB."""
    ours: str = ""
    tuned: str = ""
    """The bare way with what else is public, where there is such a thing."""
    target: float | None = None
    """No more than this: times bare, or with `absolute` in `unit`; from the issue that asked for the benchmark."""
    absolute: bool = False
    peers: tuple[str, ...] = ALL
    given: dict[str, str] = field(default_factory=dict)
    quick: dict[str, str] = field(default_factory=dict)
    slow: dict[str, str] = field(default_factory=dict)
    """Instead of `given` for v3, which needs a hundred times as long."""
    file: int = 0
    """Megabytes of the file that is uploaded."""
    rounds: int = 9
    only_full: bool = False
    """Left out by `--quick`."""

    def smoke(self) -> Work:
        """Next to nothing of it, to show that it runs."""
        least = {"count": "2", "batches": "1", "in_flight": "2", "which": "short"}
        given = {name: least.get(name, value) for name, value in self.given.items()}
        return replace(self, given=given, quick={}, slow={}, file=min(self.file, 1), rounds=1)


def _requests(name: str, title: str, in_flight: int, **more: object) -> Work:
    flight = {"in_flight": str(in_flight)}
    return Work(
        name,
        title,
        "requests",
        "cpu",
        "us",
        given={"count": "1280", **flight},
        quick={"count": "256", **flight},
        slow={"count": "64", **flight},
        **more,  # type: ignore[arg-type]
    )


def _uploads() -> list[Work]:
    found: list[Work] = []
    for size, full in ((64, False), (512, False), (2048, True)):
        for ours, on in (("upload", "asyncio"), ("upload_trio", "trio"), ("upload_sync", "sync")):
            found.append(
                Work(
                    f"upload-{size}-{on}",
                    f"upload {size} MB, {on}: memory growth",
                    "upload",
                    "growth",
                    "MB",
                    ours=ours,
                    target=8.0,
                    absolute=True,
                    # The official ones read the file whole, as documented; one size is enough to see it.
                    peers=ALL if (size, on) == (64, "asyncio") else (),
                    file=size,
                    rounds=3,
                    only_full=full,
                )
            )
    return found


_SHORT = {"which": "short", "count": "400", "batches": "15"}
_HOUR = {"which": "hour", "count": "2", "batches": "15"}
_ONCE = {"which": "hour", "count": "1", "batches": "1"}

WORKS: list[Work] = [
    Work("import", "import, CPU", "imports", "cpu", "ms"),
    Work("import-wall", "import, wall", "imports", "wall", "ms"),
    Work("ready", "client ready: process start to first answer, CPU", "ready", "cpu", "ms", target=1.2, rounds=15),
    Work(
        "decode-short",
        "decode 60 words, CPU",
        "decode",
        "cpu",
        "us",
        tuned="decode_tuned",
        target=1.05,
        given=_SHORT,
        quick={**_SHORT, "batches": "5"},
        slow={"which": "short", "count": "5", "batches": "3"},
        rounds=15,
    ),
    Work(
        "decode-hour",
        "decode an hour, CPU",
        "decode",
        "cpu",
        "ms",
        tuned="decode_tuned",
        target=1.05,
        given=_HOUR,
        quick={**_HOUR, "batches": "5"},
        slow=_ONCE,
    ),
    *[
        Work(
            f"memory-{which}{suffix}",
            f"memory of {words}, bytes {kept}",
            "memory",
            "bytes",
            "MB",
            ours=ours,
            tuned="memory_tuned",
            target=target,
            given={"which": which},
            rounds=1,
            peers=() if suffix else ALL,
        )
        for which, words in (("short", "60 words"), ("hour", "an hour"))
        for suffix, kept, ours, target in (("", "kept", "memory", 1.6), ("-lean", "dropped", "memory_lean", 1.1))
    ],
    _requests("request", "one request at a time, CPU", 1, target=1.2),
    _requests(
        "request-documented", "the same in the documented style", 1, ours="requests_documented", target=1.2, peers=()
    ),
    Work(
        "request-hour",
        "the same, answered by an hour",
        "requests",
        "cpu",
        "ms",
        target=1.2,
        given={"count": "40", "place": "/hour"},
        quick={"count": "10", "place": "/hour"},
        peers=(),
    ),
    _requests("flight", "64 in flight, CPU a request", 64, target=1.2),
    Work(
        "sync",
        "one sync call, CPU",
        "sync_requests",
        "cpu",
        "us",
        target=1.3,
        given={"count": "800"},
        quick={"count": "200"},
        slow={"count": "40"},
    ),
    Work(
        "sync-documented",
        "the same in the documented style",
        "sync_requests",
        "cpu",
        "us",
        ours="sync_requests_documented",
        target=1.3,
        given={"count": "800"},
        quick={"count": "200"},
        peers=(),
    ),
    _requests("trio", "trio: one request at a time, CPU", 1, ours="requests_trio", peers=()),
    _requests("trio-flight", "trio: 64 in flight, CPU a request", 64, ours="requests_trio", peers=()),
    *_uploads(),
    Work("upload-cpu", "upload 512 MB, asyncio: CPU a MB", "upload", "cpu", "us", file=512, rounds=3, peers=()),
]
