"""Who listens: the service, a server elsewhere, or this process; and the flags that say so, for all who ask."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dgasync.cli.exits import Exit, Failure
from dgasync.cli.verbs import Verb
from dgasync.logs import DEBUG, INFO, log, speak_up

if TYPE_CHECKING:
    from dgasync.cli.progress import Progress
    from dgasync.sync.client import DeepgramClient

__all__ = ["Asking", "access_flags", "check", "client", "flagged", "hosted", "hosted_flags", "service_flags"]

F = TypeVar("F", bound="Callable[..., Any] | click.Command")


class Asking(Verb):
    """A command that asks the service. Its help shows the many options of the service apart from its own.

    Args:
        asks: the names of the parameters that are options of the service.
    """

    def __init__(self, name: str | None, *, asks: Collection[str], **settings: Any) -> None:
        super().__init__(name, **settings)
        self._asks = asks

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options in two sections."""
        own: list[tuple[str, str]] = []
        asked: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                (asked if parameter.name in self._asks else own).append(record)
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


def _level(context: click.Context, parameter: click.Parameter, count: int) -> int | None:
    return (None, INFO, DEBUG)[min(count, 2)]


_LISTENERS: tuple[Callable[[Any], Any], ...] = (
    click.option("--local", is_flag=True, help="Listen on this machine: needs no account and, for a file, no network."),
    click.option(
        "--engine-model",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False),
        help="With --local: the faster-whisper model to use instead of tiny.en.",
    ),
)
_ACCESS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--api-key",
        metavar="KEY",
        help="Other users may see it in the list of processes: prefer DEEPGRAM_API_KEY, or `login`.",
    ),
    click.option(
        "--url", metavar="URL", envvar="DEEPGRAM_HOST", show_envvar=True, help="Another service than api.deepgram.com."
    ),
    click.option("--allow-insecure-http", is_flag=True, help="Send the key over plain http beyond this machine too."),
)
_ASKING: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--retries",
        metavar="N",
        type=click.IntRange(min=0),
        default=2,
        show_default=True,
        help="Tries after the first, to ask or to connect.",
    ),
    click.option(
        "--query",
        metavar="KEY=VALUE",
        multiple=True,
        callback=_pairs,
        help="A parameter that has no flag here; repeatable.",
    ),
)
_VERBOSE = click.option("-v", "--verbose", count=True, callback=_level, help="Log what happens; -vv logs more.")


def service_flags(command: F) -> F:
    """The command with the flags that say who listens and how loud that is; put it below `@click.command()`."""
    return flagged(command, *_LISTENERS, *_ACCESS, *_ASKING, _VERBOSE)


def hosted_flags(command: F) -> F:
    """The same for what only a service can do, not this process."""
    return flagged(command, *_ACCESS, *_ASKING, _VERBOSE)


def access_flags(command: F) -> F:
    """The same for what asks the service in ways of its own."""
    return flagged(command, *_ACCESS, _VERBOSE)


def flagged(command: F, *flags: Callable[[Any], Any]) -> F:
    """The command with these flags, the first on top."""
    for flag in reversed(flags):  # click shows those on top first
        command = flag(command)
    return command


def check(given: Mapping[str, Any]) -> None:
    """Raise UsageError for flags that do not go together."""
    if not given["local"]:
        if given["engine_model"]:
            raise click.UsageError("--engine-model goes with --local")
        return
    if given.get("callback"):
        raise click.UsageError("--callback does not go with --local: the server ends with this command")
    source = click.get_current_context().get_parameter_source
    for name in ("api_key", "url"):
        if source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--local asks this machine; --{name.replace('_', '-')} is for a service")


def client(given: Mapping[str, Any], shown: Progress) -> AbstractContextManager[DeepgramClient]:
    """A client of whoever is to listen, until the end of the block; `shown` tells what takes time."""
    return _local(given, shown) if given["local"] else hosted(given)


@contextmanager
def hosted(given: Mapping[str, Any]) -> Generator[DeepgramClient, None, None]:
    """A client of the hosted service, or of a server elsewhere, until the end of the block.

    The key comes from the command line, else from the environment, else from the system's keyring. Beyond this machine
    the proxies of the environment are used, as other commands use them.
    """
    from dgasync.cli.credentials import NO_KEY, credential
    from dgasync.config import DeepgramClientOptions
    from dgasync.protocol.request import is_loopback
    from dgasync.sync.client import DeepgramClient

    url, insecure = DeepgramClientOptions(url=given["url"] or "").url, given["allow_insecure_http"]
    here = is_loopback(url)
    try:
        found = credential(given["api_key"], url)
    except Failure as failure:
        if not here:
            raise
        log.info("%s", failure)  # a server on this machine may need no key
        found = None
    if not (found or here):
        raise Failure(f"{NO_KEY}{'; or give --local to use this machine' if 'local' in given else ''}", Exit.KEY)
    if url.startswith("http://") and not (insecure or here):
        raise Failure(
            f"{url} is plain http, which shows the key to everyone on the way: use https, or --allow-insecure-http "
            "if the network is your own",
            Exit.KEY,
        )
    config = DeepgramClientOptions(url=url, trust_env=not here, allow_insecure_http=insecure)
    if found:
        found.give(config)
    with DeepgramClient(config=config) as deepgram:
        speak_up(given["verbose"])  # not earlier: the client's own warning of a missing key is for programmers
        yield deepgram


@contextmanager
def _local(given: Mapping[str, Any], shown: Progress) -> Generator[DeepgramClient, None, None]:
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
