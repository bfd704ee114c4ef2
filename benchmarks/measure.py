"""What every measured process uses: its core, its clock, its memory, and how it reports.

It imports nothing that Python has not imported already when it starts, because for some rows that is the measurement.
"""

# ruff: noqa: PTH116, PTH123 - pathlib is among what must not be imported here

from __future__ import annotations

import os
import sys
import time

KEY = "benchmark-key"
OPTIONS = {"model": "nova-3", "smart_format": True, "diarize": True, "utterances": True}
AUDIO = bytes(16_384)  # what one request sends; the size of half a second of linear16


def pin(core):
    """Stay on one core, so that the server on the other one does not share this one's caches."""
    if hasattr(os, "sched_setaffinity") and core is not None:
        os.sched_setaffinity(0, {core})


def report(**values):
    """One line for each value, for the process that runs the benchmarks."""
    for name, value in values.items():
        print(f"{name}\t{value}")
    sys.stdout.flush()


def cpu_each(function, count, batches):
    """Seconds of CPU for one call: the median of `batches` batches, after one that does not count."""
    found = []
    for _ in range(batches + 1):
        began = time.process_time()
        for _ in range(count):
            function()
        found.append((time.process_time() - began) / count)
    return sorted(found[1:])[batches // 2]


async def cpu_each_async(function, count, in_flight=1):
    """Seconds of CPU, of all threads, for one awaited call, with `in_flight` of them at once."""
    import asyncio

    async def several(times):
        for _ in range(times):
            await function()

    await asyncio.gather(*[several(3) for _ in range(in_flight)])
    each = max(1, count // in_flight)
    began = time.process_time()
    await asyncio.gather(*[several(each) for _ in range(in_flight)])
    return (time.process_time() - began) / (each * in_flight)


def cpu_each_sync(function, count):
    """Seconds of CPU, of all threads, for one blocking call."""
    for _ in range(10):
        function()
    began = time.process_time()
    for _ in range(count):
        function()
    return (time.process_time() - began) / count


def held(make):
    """Bytes that the object `make` returns holds, as Python's own allocators count them."""
    import gc
    import tracemalloc

    make()  # what is made once, such as a decoder, is not the object's
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = make()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del kept
    return after - before


class Costs:
    """Reports the CPU, of all threads, and the time of each of `count` things that are done inside."""

    def __init__(self, count):
        self._count = count

    def __enter__(self):
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def __exit__(self, *error):
        report(
            cpu=(time.process_time() - self._cpu) / self._count, wall=(time.perf_counter() - self._wall) / self._count
        )


def recordings(count):
    """A folder in which `in` has `count` recordings of the usual size, until the end of the block."""
    from contextlib import contextmanager

    @contextmanager
    def made():
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            from pathlib import Path

            home = Path(folder)
            (home / "in").mkdir()
            (home / "audio").write_bytes(AUDIO)
            for n in range(count):
                os.link(home / "audio", home / "in" / f"{n:06}.wav")  # many names, one file: the disk is not measured
            yield home

    return made()


class Growth:
    """Megabytes by which the process outgrew what it was when this was made, at most."""

    def __init__(self):
        import gc

        gc.collect()
        try:
            # "5" makes the peak of now the highest so far (Linux, proc(5)).
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
        except OSError:
            pass
        self._before = resident()

    def megabytes(self):
        return ((_status("VmHWM") or _peak()) - self._before) / 2**20


def resident():
    """Bytes of memory that the process has just now."""
    return _status("VmRSS") or _peak()


def uploaded(path, cpu, growth):
    """Report what an upload did to memory, and its CPU for a megabyte."""
    report(growth=growth.megabytes(), cpu=(time.process_time() - cpu) / os.stat(path).st_size * 2**20)


def _status(name):
    try:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith(name):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def _peak():
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
