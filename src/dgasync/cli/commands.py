"""The commands: `dgasync transcribe` and `dgasync serve`."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from dgasync.cli.exits import MEANINGS, Exit, Failure
from dgasync.cli.flags import chosen, listen_flags
from dgasync.cli.progress import Progress, progress
from dgasync.logs import DEBUG, INFO, WARNING, log, speak_up
from dgasync.version import __version__

if TYPE_CHECKING:
    from dgasync.models.listen import AsyncPrerecordedResponse, PrerecordedResponse
    from dgasync.sync.client import DeepgramClient

    AnyAnswer = PrerecordedResponse | AsyncPrerecordedResponse

__all__ = ["dgasync"]

_EXITS = "\b\nExit codes:\n" + "\n".join(f"  {code:3} {meaning}" for code, meaning in MEANINGS.items())


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXITS)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def dgasync(context: click.Context) -> None:
    """Speech becomes text: with the Deepgram service, or on this machine."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


class _Transcribe(click.Command):
    """Its help shows the many options of the service apart from the command's own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from dgasync.models.params import ListenParams

        own: list[tuple[str, str]] = []
        asked: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                (asked if parameter.name in ListenParams.__annotations__ else own).append(record)
        with formatter.section("Options"):
            formatter.write_dl(own)
        with formatter.section("What to ask for"):
            formatter.write_dl(asked)


def _pairs(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair in given:
        name, mark, value = pair.partition("=")
        if not (name and mark):
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE", context, parameter)
        found.setdefault(name, []).append(value)
    return found


@dgasync.command(cls=_Transcribe, epilog=_EXITS)
@click.argument("recording", metavar="PATH|URL|-")
@click.option("--local", is_flag=True, help="Listen on this machine: needs no account and, for a file, no network.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as the server gave it, byte for byte.")
@click.option(
    "--api-key", metavar="KEY", help="Other users may see it in the list of processes: prefer DEEPGRAM_API_KEY."
)
@click.option(
    "--url", metavar="URL", envvar="DEEPGRAM_HOST", show_envvar=True, help="Another service than api.deepgram.com."
)
@click.option("--allow-insecure-http", is_flag=True, help="Send the key over plain http beyond this machine too.")
@click.option(
    "--engine-model",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="With --local: the faster-whisper model to use instead of tiny.en.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="For each part of it: connecting (else 10), sending on (30), and being answered (600); no limit with --local.",
)
@click.option(
    "--retries", metavar="N", type=click.IntRange(min=0), default=2, show_default=True, help="Tries after the first."
)
@click.option(
    "--query",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_pairs,
    help="A parameter that has no flag here; repeatable.",
)
@click.option("--callback", metavar="URL", help="Have the answer sent there; the request id is printed.")
@click.option("--callback-method", metavar="[POST|PUT]", help="How it is sent there.")
@click.option("-v", "--verbose", count=True, help="Log what happens; -vv logs more.")
@listen_flags
def transcribe(recording: str, verbose: int, **given: Any) -> None:
    """Print what is said in a recording: a file, a web address, or standard input (-).

    The service listens when there is a key in DEEPGRAM_API_KEY, this machine with --local. How far it is shows on
    standard error, if that is a terminal.
    """
    given["verbose"] = (WARNING, INFO, DEBUG)[min(verbose, 2)]
    _check(given)
    options = chosen(given)
    call: dict[str, Any] = {"timeout": given["timeout"], "addons": given["query"], "max_retries": given["retries"]}
    audio = _audio(recording)
    with progress() as shown, _local(shown, given) if given["local"] else _service(given) as deepgram:
        if isinstance(audio, str):
            shown.phase("fetching and listening")
        else:
            call["progress"] = shown.sent
        if given["callback"]:
            if given["callback_method"]:
                options["callback_method"] = given["callback_method"]
            answer: AnyAnswer = deepgram.transcribe_to_callback(audio, callback=given["callback"], **options, **call)
        else:
            answer = deepgram.transcribe(audio, **options, **call).response
    if given["as_json"]:
        # On a terminal the prompt should not stick to the last line; anywhere else the bytes are the server's.
        _write(answer.raw, nl=sys.stdout.isatty())
    else:
        _print(answer, options, given["callback"])


def _print(answer: AnyAnswer, options: Mapping[str, Any], callback: str | None) -> None:
    from dgasync.cli.layout import notes, readable
    from dgasync.models.listen import PrerecordedResponse
    from dgasync.transcript import Transcript

    if not isinstance(answer, PrerecordedResponse):
        _write(f"The answer will be sent to {callback}; request {answer.request_id}.".encode())
        return
    transcript = Transcript(answer)
    _write(readable(transcript).encode("utf-8", "replace"))
    for note in notes(transcript, options):
        click.echo(f"dgasync: {note}", err=True)


def _check(given: dict[str, Any]) -> None:
    if given["callback_method"] and not given["callback"]:
        raise click.UsageError("--callback-method goes with --callback")
    if not given["local"]:
        if given["engine_model"]:
            raise click.UsageError("--engine-model goes with --local")
        return
    if given["callback"]:
        raise click.UsageError("--callback does not go with --local: the server ends with this command")
    source = click.get_current_context().get_parameter_source
    for name in ("api_key", "url"):
        if source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--local asks this machine; --{name.replace('_', '-')} is for a service")


def _audio(recording: str) -> str | Path | BinaryIO:
    """What the client is given: an address as text, a file as a path."""
    if recording.lower().startswith(("http://", "https://")):
        return recording
    if recording == "-":
        audio = sys.stdin.buffer
        if audio.isatty():
            raise Failure(
                "standard input is a terminal; send a recording into it: ... | dgasync transcribe -", Exit.USAGE
            )
        if not _peek(audio):
            raise Failure("nothing came in on standard input", Exit.RECORDING)
        return audio
    path = Path(recording)
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise Failure(f"{path} is a folder, not a recording", Exit.RECORDING)
    if stat.S_ISREG(found.st_mode) and not found.st_size:
        raise Failure(f"{path} is empty", Exit.RECORDING)
    return path


def _peek(audio: Any) -> bytes:
    """The next bytes, which stay where they are."""
    found: bytes = audio.peek(1)
    return found


@contextmanager
def _service(given: dict[str, Any]) -> Generator[DeepgramClient, None, None]:
    """A client of the hosted service, or of a server elsewhere."""
    from dgasync.protocol.request import is_loopback
    from dgasync.sync.client import DeepgramClient

    insecure = given["allow_insecure_http"]
    with DeepgramClient(given["api_key"] or "", url=given["url"] or "", allow_insecure_http=insecure) as deepgram:
        speak_up(given["verbose"])  # not earlier: the client's own warning of a missing key is for programmers
        url, config = deepgram.config.url, deepgram.config
        if not (config.api_key or config.access_token or is_loopback(url)):
            raise Failure(
                "there is no API key: set DEEPGRAM_API_KEY to ask the service, or give --local to use this machine",
                Exit.KEY,
            )
        if url.startswith("http://") and not (insecure or is_loopback(url)):
            raise Failure(
                f"{url} is plain http, which shows the key to everyone on the way: use https, or --allow-insecure-http "
                "if the network is your own",
                Exit.KEY,
            )
        yield deepgram


@contextmanager
def _local(shown: Progress, given: dict[str, Any]) -> Generator[DeepgramClient, None, None]:
    """A client of a server that lives as long as this command."""
    from dgasync.config import Timeouts
    from dgasync.server import EngineError, LocalServer, Settings, make_engine
    from dgasync.sync.client import DeepgramClient

    def tell(line: str) -> None:
        log.info("%s", line)
        shown.phase(line)

    speak_up(given["verbose"])
    # Nobody else on this machine is to use it.
    key = secrets.token_urlsafe()
    engine = make_engine("whisper", given["engine_model"])
    server = LocalServer(engine, Settings(port=0, api_keys=(key,), grace=0.5), tell)
    shown.phase("starting the speech engine")
    try:
        server.start()
        shown.phase("listening")
        # Slow machines may listen for long; somebody who waits no longer has Ctrl-C.
        with DeepgramClient(key, url=server.url, timeout=Timeouts(write=None, read=None)) as deepgram:
            yield deepgram
    except EngineError as error:
        raise Failure(str(error), Exit.MISSING) from error
    except KeyboardInterrupt:
        raise  # The engine cannot be stopped inside a batch: the end of the process ends it.
    except BaseException:
        server.close()
        raise
    server.close()


def _write(text: bytes, *, nl: bool = True) -> None:
    try:
        click.echo(text, nl=nl)
    except BrokenPipeError:
        raise Failure("", Exit.NO_READER) from None


def _keys(context: click.Context, parameter: click.Parameter, given: Sequence[str]) -> tuple[str, ...]:
    if any(not key.strip() for key in given):
        raise click.BadParameter("it is empty; is a variable not set?", context, parameter)
    return tuple(given)


@dgasync.command(epilog=_EXITS)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 for every network.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 for any free one.")
@click.option(
    "--api-key",
    "api_keys",
    metavar="KEY",
    multiple=True,
    callback=_keys,
    envvar="DGASYNC_SERVE_KEYS",
    help="Who may ask; repeatable. DGASYNC_SERVE_KEYS may list them too, out of sight of other users.",
)
@click.option("--allow-anyone", is_flag=True, help="Serve other machines without asking for a key.")
@click.option(
    "--engine",
    type=click.Choice(["whisper", "ruler"]),
    default="whisper",
    show_default=True,
    help="What listens: whisper to speech, ruler to the counting audio of dgasync.testing.",
)
@click.option(
    "--engine-model",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="The faster-whisper model to use instead of tiny.en.",
)
def serve(
    host: str, port: int, api_keys: tuple[str, ...], allow_anyone: bool, engine: str, engine_model: str | None
) -> None:
    """Run a server that speaks Deepgram's protocol, with the speech engine of this machine; Ctrl-C stops it.

    It transcribes recordings (POST /v1/listen). What its engine cannot do it leaves out, and says so in the answer.
    """
    from dgasync.server import EngineError, Settings, make_engine
    from dgasync.server import serve as run
    from dgasync.server.outgoing import is_loopback

    beyond = not is_loopback(host)
    if beyond and not (api_keys or allow_anyone):
        raise click.UsageError(f"other machines can reach {host}: say who may ask with --api-key, or --allow-anyone")
    made = make_engine(engine, engine_model)

    def ready(url: str) -> None:
        flag = f" --url {url}" + (" --api-key KEY" if api_keys else "")
        click.echo(f"{made.name} listens at {url}; Ctrl-C stops it. {_who(api_keys)}")
        click.echo(f"Try: dgasync transcribe{flag} talk.wav   or in Python: DeepgramClient({_python(url, api_keys)})")
        if beyond:
            click.echo("dgasync: keys and recordings travel in the clear; beyond your own network use TLS", err=True)

    try:
        run(
            Settings(host=host, port=port, api_keys=api_keys),
            engine=made,
            tell=lambda line: click.echo(f"dgasync: {line}", err=True),
            ready=ready,
        )
    except EngineError as error:
        raise Failure(str(error), Exit.MISSING) from error
    except OSError as error:
        raise Failure(f"cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}", Exit.NO_PORT) from error


def _who(api_keys: Sequence[str]) -> str:
    return f"It knows {len(api_keys)} key{'s' * (len(api_keys) > 1)}." if api_keys else "Any key, or none, will do."


def _python(url: str, api_keys: Sequence[str]) -> str:
    return f'"KEY", url="{url}"' if api_keys else f'url="{url}"'
