"""A Parquet file of recordings becomes a folder of transcripts: python examples/dataframe.py PARQUET FOLDER [ray].

The column `audio` has a URL, a path or an object of a store (`s3://...`) in each row. With `ray` the machines of a Ray
cluster share the work.
"""

from __future__ import annotations

import sys

import daft
from daft import col

from dgasync.dataframe import transcribe


def main(source: str, target: str, runner: str = "native") -> None:
    if runner == "ray":
        daft.set_runner_ray()  # before anything is read

    # From the environment of each worker: DEEPGRAM_API_KEY, and DEEPGRAM_HOST for another server than Deepgram's.
    heard = transcribe(col("audio"), concurrency=50, smart_format=True)
    calls = daft.read_parquet(source).with_column("heard", heard)
    calls.select("audio", col("heard")["text"], col("heard")["duration"], col("heard")["error"]).write_parquet(target)

    written = daft.read_parquet(f"{target}/*.parquet").to_pydict()
    failed = [(audio, error) for audio, error in zip(written["audio"], written["error"], strict=True) if error]
    print(f"{sum(filter(None, written['duration'])) / 60:.1f} minutes heard, {len(failed)} recordings failed")
    for audio, error in failed:
        print(f"{audio}: {error['kind']}: {error['message']}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
