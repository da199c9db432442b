"""``msgld studio``: the local web app."""

from __future__ import annotations

import importlib.util
import socket
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from msgld.cli import options as o
from msgld.cli.console import shown
from msgld.cli.errors import DONE
from msgld.cli.models import Opened
from msgld.errors import UsageError

PORT = 8765
FOLDER = "msgld-studio"

Projects = Annotated[
    Path | None, typer.Argument(metavar="[FOLDER]", help="Folder of the projects; it is made when it is not there.")
]  # fmt: skip
Host = Annotated[
    str,
    typer.Option(metavar="HOST", help="Where to listen; 0.0.0.0 opens it to the network, for those who have the "
                 "token."),
]  # fmt: skip
Port = Annotated[int, typer.Option(min=0, max=65535, metavar="PORT", help="Port; 0 takes a free one.")]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")]


def studio(folder: Projects = None, *, host: Host = "127.0.0.1", port: Port = PORT, browser: Browser = True,
           source: Opened, console: o.Printing) -> int:  # fmt: skip
    """Serve the studio: see, listen to, separate, make and arrange music in a browser.

    Projects are kept in FOLDER, by default msgld-studio in your folder of music. Only this machine reaches the studio,
    unless --host says otherwise. Needs: pip install 'msgld[studio]'.

    \b
    Examples:
      msgld studio
      msgld studio ~/Music/band --port 9000 --no-browser
      msgld studio --host 0.0.0.0
    """
    for package in ("fastapi", "uvicorn"):
        if importlib.util.find_spec(package) is None:
            raise UsageError(f"the studio needs {package}: pip install 'msgld[studio]'")
    from msgld.studio.config import Config, token_for
    from msgld.studio.serve import bound, serve

    place = default_folder() if folder is None else folder
    config = Config(place, host, port, token_for(host), source.name, source.device)
    with bound(config) as listening:
        port = listening.getsockname()[1]
        address = address_of(host, port, config.token)

        def ready() -> None:
            console.say(f"{address} (projects in {shown(place)}; stop with Ctrl-C)")
            console.record(status="ready", address=address, folder=place)
            if browser:
                threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()

        serve(Config(place, host, port, config.token, source.name, source.device), listening, ready)
    return DONE


def default_folder() -> Path:
    """The folder of the projects where none is named."""
    import platformdirs

    music = Path(platformdirs.user_music_path())
    return (music if music.is_dir() else Path.home()) / FOLDER


def address_of(host: str, port: int, token: str | None) -> str:
    """The address to open; with the token, where there is one."""
    reached = own_address() if host in ("0.0.0.0", "::") else host
    name = f"[{reached}]" if ":" in reached else reached
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def own_address() -> str:
    """This machine's address in its network; ``localhost`` where it is in none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent:
        try:
            unsent.connect(("192.0.2.1", 9))  # of no one (RFC 5737): the system only chooses the way there
            found: str = unsent.getsockname()[0]
        except OSError:
            return "localhost"
    return found
