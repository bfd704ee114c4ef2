"""`transcribe(col("audio"))`: the expression, and what is checked when it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

try:
    import daft
except ModuleNotFoundError as error:
    if error.name != "daft":
        raise
    raise ModuleNotFoundError(
        "dgasync.dataframe needs the package `daft`, which is not installed: pip install 'dgasync[batch]'", name="daft"
    ) from error

from dgasync.api.listen import refuse_early
from dgasync.config import DeepgramClientOptions, count, masked
from dgasync.dataframe.job import Job
from dgasync.dataframe.row import transcript_type
from dgasync.errors import DeepgramTypeError
from dgasync.protocol.request import by_name, checked_headers

if TYPE_CHECKING:
    from daft.io import IOConfig
    from typing_extensions import Unpack

    from dgasync.models.params import TranscribeParams

__all__ = ["transcribe"]


def transcribe(
    audio: daft.Expression,
    /,
    *,
    concurrency: int = 100,
    api_key: str = "",
    config: DeepgramClientOptions | None = None,
    io_config: IOConfig | None = None,
    response: bool = False,
    **options: Unpack[TranscribeParams],
) -> daft.Expression:
    """A column of transcripts of a column of recordings.

        transcribed = daft.read_parquet("calls.parquet").with_column("heard", transcribe(col("url")))
        transcribed.select("url", col("heard")["text"]).write_parquet("transcripts")

    What is in the column decides how a recording is sent: an http(s) URL is fetched by the service; a local path, on
    the machine that works on its row, is uploaded while it is read; so is what lies in an object store (`s3://`,
    `gs://`, ...) and a file of Daft's (`daft.functions.file`, also for URLs that only you can fetch); bytes are sent.

    Each row becomes a struct: `text`; `words`, each with `word`, `punctuated_word`, `start` and `end` in seconds,
    `confidence`, `speaker`, `channel`; `confidence`; `duration` in seconds; `language` where it was to be detected;
    `request_id`; and `error`. A row that fails has an `error` and no text: its `kind` (the name of the class, one of
    dgasync's errors or of OSError's), its `message`, the HTTP `status`, and whether it is `retryable`. Null stays null.
    Rows come as they are done, so in another order.

    A key that is refused (401, 402, 403), or missing, is different: every row would share that, so it ends the query
    with that error, which Ray quotes in a RayTaskError of its own. In a process that has heard something before, as
    when the balance runs out half-way, what was paid for is kept instead: the rows left fail without being asked for.

    Args:
        audio: the column.
        concurrency: requests in flight at once, at most, over all processes and machines together. The service's own
            limit for recordings depends on your plan (docs, "API Rate Limits").
        api_key: the key. Better none: then each worker reads its own environment, and the plan of the query, which
            travels to the workers pickled, has no key in it. No repr and no `explain()` shows it.
        config: the set-up of the clients, as `AsyncDeepgramClient` takes it, of which there is one for each process;
            without it they read the environment as `ClientOptionsFromEnv` does.
        io_config: how Daft reads object stores; its own default unless given.
        response: whether there is a field `response` too, the service's whole answer as JSON: what else was asked for,
            such as summaries and utterances, is in there.
        options: those of `AsyncDeepgramClient.transcribe`; `keep_raw` is what `response` says.

    Raises:
        DeepgramTypeError: an option of no use, or a set-up that cannot travel to a worker; nothing was sent.
    """
    if not isinstance(audio, daft.Expression):  # pyright: ignore[reportUnnecessaryIsInstance]  # not all are checked
        raise DeepgramTypeError(
            f'A column is transcribed, such as daft.col("audio"); got a {type(audio).__name__}. '
            "For one recording there is `AsyncDeepgramClient.transcribe`."
        )
    # The rows need the answer's bytes for `response` alone.
    asked = {**_checked(options, config), "keep_raw": response}
    if io_config is None:
        io_config = daft.context.get_context().daft_planning_config.default_io_config
    job = Job(
        id=uuid4().hex,
        api_key=DeepgramClientOptions(api_key).api_key,
        config=config,
        options=asked,
        concurrency=count("concurrency", concurrency, least=1),
        io_config=io_config,
        response=response,
    )
    # A row at a time: each leaves as soon as it is heard, and no batch waits for its longest recording. Daft lets one
    # more than `max_concurrency` begin, in each of its tasks: that bounds what waits, and the gate what is in flight.
    function = daft.func.batch(
        return_dtype=transcript_type(response=response), batch_size=1, max_concurrency=concurrency, use_process=False
    )(job.transcribe)
    try:
        expression: daft.Expression = function(audio)
    except ValueError as error:
        # Daft pickles it here to see whether it can be; what it says then is advice for writers of functions.
        raise DeepgramTypeError(
            "This set-up cannot travel to a worker: an open `session`, an SSLContext and functions that are not at the "
            f"top of a module stay where they are made ({error.__cause__ or error})."
        ) from error
    return expression


def _checked(options: TranscribeParams, config: DeepgramClientOptions | None) -> Mapping[str, object]:
    """The options, refused here where each row would have them refused on some worker."""
    strict = config is None or config.strict
    refuse_early(options, strict=strict, instead="there would be nothing for the column, so leave it out")
    headers = options.get("headers")
    return {**options, "headers": headers and masked(checked_headers(by_name("headers", headers)))}
