"""What a user's program does: Parquet in, transcribe, Parquet out, on the runner that the first argument names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import daft
from daft import col

from dgasync.dataframe import transcribe

NODES = 2


@contextmanager
def cluster() -> Iterator[None]:
    """A Ray cluster of nodes that are processes of this machine, with Daft on it."""
    import ray
    from ray.cluster_utils import Cluster

    nodes = Cluster()
    try:
        for _ in range(NODES):
            nodes.add_node(num_cpus=1, memory=200 << 20, object_store_memory=80 << 20, include_dashboard=False)
        ray.init(address=nodes.address, log_to_driver=False)
        daft.set_runner_ray()
        yield
    finally:
        ray.shutdown()
        nodes.shutdown()


@daft.func
def worker(audio: str | None) -> int:
    """The process that works on a row."""
    return os.getpid()


def main(runner: str, source: str, target: str, concurrency: str) -> None:
    # To read decides which runner it is, for good.
    with cluster() if runner == "ray" else nullcontext():
        calls = daft.read_parquet(source)
        if runner == "ray":
            calls = calls.into_partitions(2 * NODES)
        heard = transcribe(col("audio"), concurrency=int(concurrency))
        calls.with_columns({"heard": heard, "worker": worker(col("audio"))}).write_parquet(target)
        try:
            calls.select(transcribe(col("audio"), api_key="wrong")).collect()
        except Exception as error:  # an Unauthorized; of Ray, what quotes it
            print(type(error).__name__, error)


if __name__ == "__main__":
    main(*sys.argv[1:5])
