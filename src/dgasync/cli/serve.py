"""The command `dgasync serve`."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from dgasync.cli.exits import Exit, Failure
from dgasync.cli.verbs import Verb

__all__ = ["serve"]


def _keys(context: click.Context, parameter: click.Parameter, given: Sequence[str]) -> tuple[str, ...]:
    if any(not key.strip() for key in given):
        raise click.BadParameter("it is empty; is a variable not set?", context, parameter)
    return tuple(given)


@click.command(cls=Verb)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 for every network.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 for any free one.")
@click.option(
    "--api-key",
    "api_keys",
    metavar="KEY",
    multiple=True,
    callback=_keys,
    envvar="DGASYNC_SERVE_KEYS",
    help="Who owns it, and may ask beside keys made there; repeatable. DGASYNC_SERVE_KEYS may list them too, out of "
    "sight of other users.",
)
@click.option(
    "--database",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="The SQLite file that keeps projects, keys and usage; made if it is not there. Without: in memory.",
)
@click.option("--allow-anyone", is_flag=True, help="Serve other machines without asking for a key, account and all.")
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
    host: str,
    port: int,
    api_keys: tuple[str, ...],
    database: str | None,
    allow_anyone: bool,
    engine: str,
    engine_model: str | None,
) -> None:
    """Run a server that speaks Deepgram's protocol, with the speech engine of this machine; Ctrl-C stops it.

    It transcribes recordings (POST /v1/listen) and live speech (the websocket there), and hears conversations turn by
    turn (the websocket /v2/listen, Flux). It speaks texts (POST /v1/speak, /v2/speak and their websockets) with
    hibari-tts or espeak-ng, in English and with one voice, whatever the model's name; and analyses them (POST /v1/read:
    summary, topics, sentiment). What its engines cannot do it leaves out, and says so in the answer, or refuses.

    It holds conversations (the websocket /v1/agent/converse): it listens and speaks itself, and what thinks is any
    OpenAI-compatible endpoint that the settings name, or the provider "echo", which repeats what it hears.

    It has an account of its own below /v1/projects: keys that are made there work, with the scopes they were made for,
    and usage counts what was asked of this server. Without --api-key, everybody who reaches it owns that account.
    """
    from dgasync.server import DatabaseError, EngineError, Settings, make_engine
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
            Settings(host=host, port=port, api_keys=api_keys, database=database),
            engine=made,
            tell=lambda line: click.echo(f"dgasync: {line}", err=True),
            ready=ready,
        )
    except EngineError as error:
        raise Failure(str(error), Exit.MISSING) from error
    except DatabaseError as error:
        raise Failure(str(error), Exit.USAGE) from error
    except OSError as error:
        raise Failure(f"cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}", Exit.NO_PORT) from error


def _who(api_keys: Sequence[str]) -> str:
    return f"It knows {len(api_keys)} key{'s' * (len(api_keys) > 1)}." if api_keys else "Any key, or none, will do."


def _python(url: str, api_keys: Sequence[str]) -> str:
    return f'"KEY", url="{url}"' if api_keys else f'url="{url}"'
