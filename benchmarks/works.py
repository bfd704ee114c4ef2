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
    """Of each library's module in `variants`; `ours` may name another one for dgasync. One that begins with `live` is
    in the module for live sessions."""
    metric: str
    unit: str
    """Of the figures that give the scale: ms, us, MB."""
    ours: str = ""
    tuned: str = ""
    """The bare way with what else is public, where there is such a thing."""
    base: str = ""
    """The function of dgasync that all are compared with instead of the bare way."""
    same: str = ""
    """Rows of the same text here are other figures from the same processes."""
    target: float | None = None
    """No more than this: times bare, or with `absolute` in `unit`; from the issue that asked for the benchmark."""
    absolute: bool = False
    peers: tuple[str, ...] = ALL
    given: dict[str, str] = field(default_factory=dict)
    quick: dict[str, str] = field(default_factory=dict)
    slow: dict[str, dict[str, str]] = field(default_factory=dict)
    """Instead of `given` for v3 or v7, which need a hundred and ten times as long."""
    file: int = 0
    """Megabytes of the file that is uploaded."""
    rounds: int = 9
    peer_rounds: int = 3
    only_full: bool = False
    """Left out by `--quick`."""

    def smoke(self) -> Work:
        """Next to nothing of it, to show that it runs."""
        least = {"count": "2", "batches": "1", "in_flight": "2", "which": "short", "sessions": "2", "seconds": "0.1"}
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
        slow={"v3": {"count": "64", **flight}},
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


def _batches() -> list[Work]:
    flight = {"in_flight": "32"}
    found: list[Work] = []
    for ours, what, suffix in (("", "no journal", ""), ("batch_journal", "with a journal", "-journal")):
        for metric, unit in (("cpu", "CPU"), ("wall", "time")):
            found.append(
                Work(
                    f"batch{suffix}-{metric}",
                    f"batch: a recording of 2,000, 32 at once, {what}, {unit}",
                    "batch",
                    metric,
                    "us",
                    ours=ours,
                    # The hand-written loop has no journal either.
                    target=1.3 if not ours else None,
                    given={"count": "2000", **flight},
                    quick={"count": "500", **flight},
                    same=f"batch{suffix}",
                    peers=(),
                    rounds=7,
                )
            )
    for count in ("100", "1000", "10000"):
        found.append(
            Work(
                f"batch-of-{count}",
                f"batch: a recording of {int(count):,}, with a journal, CPU",
                "batch",
                "cpu",
                "us",
                ours="batch_journal",
                given={"count": count, **flight},
                peers=(),
                rounds=3,
                only_full=count == "10000",
            )
        )
    return found


def _live(name: str, title: str, work: str, metric: str, unit: str, given: dict[str, str], **more: object) -> Work:
    more.setdefault("rounds", 7)
    quick, slow = more.pop("quick", {}), more.pop("slow", {})
    assert isinstance(quick, dict)
    assert isinstance(slow, dict)
    with_work = {"work": work} if work else {}
    return Work(
        f"live-{name}",
        title,
        str(more.pop("function", "live")),
        metric,
        unit,
        given={**with_work, **given},
        quick={**with_work, **given, **quick},
        slow={library: {**with_work, **given, **less} for library, less in slow.items()},
        **more,  # type: ignore[arg-type]
    )


def _lives() -> list[Work]:
    frames = {"count": "30000"}
    heard = {"count": "40000"}
    few = {"count": "10000"}
    results_slow = {"v3": {"count": "400", "burst": "50"}, "v7": {"count": "3000", "burst": "50"}}
    found = [
        _live(
            f"send-{size}",
            f"live: a frame of {size} bytes sent, CPU",
            "send",
            "cpu",
            "us",
            {"size": size, **frames},
            target=1.3,
            quick=few,
            peers=ALL if size == "640" else (),
        )
        for size in ("640", "3200")
    ]
    found += [
        _live(
            "results",
            "live: a Results to an iterator, CPU",
            "results",
            "cpu",
            "us",
            heard,
            target=1.3,
            quick=few,
            slow=results_slow,
            peers=("v7.17.0",),
        ),
        _live(
            "handler",
            "live: a Results to a handler in the documented style, CPU",
            "results",
            "cpu",
            "us",
            heard,
            function="live_handler",
            target=1.5,
            quick=few,
            slow=results_slow,
        ),
    ]
    for count in ("100", "500"):
        for metric, what, target in (("cpu", "CPU a frame and its answer", 1.3), ("p50", "an answer's way, p50", 1.5)):
            found.append(
                _live(
                    f"{count}-{metric}",
                    f"live: {count} sessions of 50 frames/s: {what}",
                    "paced",
                    metric,
                    "us",
                    {"sessions": count, "seconds": "3"},
                    quick={"seconds": "1.5"},
                    slow={"v3": {"seconds": "0.5"}, "v7": {"seconds": "1"}},
                    target=target,
                    same=f"paced-{count}",
                    rounds=5,
                    peer_rounds=1,
                )
            )
    found += [
        _live(
            "memory",
            "live: memory of an idle session",
            "memory",
            "bytes",
            "MB",
            {"sessions": "300"},
            target=3.0,
            rounds=3,
            peer_rounds=1,
        ),
        *[
            _live(
                f"connect{suffix}",
                f"live: connect to open, {what}",
                "connect",
                metric,
                "us",
                {"count": "200"},
                quick={"count": "60"},
                slow={"v3": {"count": "5"}},  # it takes most of a second to end a session
                same="connect",
            )
            for suffix, metric, what in (("", "wall", "wall"), ("-cpu", "cpu", "CPU"))
        ],
        _live(
            "sync",
            "live, sync: a frame sent, CPU over that of the asynchronous client",
            "",
            "cpu",
            "us",
            {"size": "640", **frames},
            function="live_sync",
            base="live",
            target=1.5,
            quick=few,
        ),
        _live(
            "sync-documented",
            "live, sync: the same in the documented style",
            "",
            "cpu",
            "us",
            {"size": "640", **frames},
            function="live_sync",
            ours="live_sync_documented",
            base="live",
            target=1.5,
            quick=few,
            peers=(),
        ),
        *[
            _live(
                f"{ours}-{name}",
                f"live, {ours}: {what}, CPU",
                work,
                "cpu",
                "us",
                given,
                ours=f"live_{ours}",
                quick=few,
                peers=(),
                rounds=5,
            )
            for ours in ("trio", "uvloop")
            for name, what, work, given in (
                ("send", "a frame of 640 bytes sent", "send", {"size": "640", **frames}),
                ("results", "a Results to an iterator", "results", heard),
            )
        ],
        *[
            _live(
                f"uvloop-100-{metric}",
                f"live, uvloop: 100 sessions of 50 frames/s: {what}",
                "paced",
                metric,
                "us",
                {"sessions": "100", "seconds": "3"},
                quick={"seconds": "1.5"},
                ours="live_uvloop",
                peers=(),
                same="paced-100-uvloop",
                rounds=3,
            )
            for metric, what in (("cpu", "CPU a frame and its answer"), ("p50", "an answer's way, p50"))
        ],
    ]
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
        slow={"v3": {"which": "short", "count": "5", "batches": "3"}},
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
        slow={"v3": _ONCE},
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
        slow={"v3": {"count": "40"}},
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
    *_batches(),
    *_lives(),
]
