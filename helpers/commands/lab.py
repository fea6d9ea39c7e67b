"""Open the workbook in JupyterLab.

The first start sets up an environment in .venv; later ones start at once. JupyterLab answers only
this computer. Your own Jupyter settings stay as they are.
"""

import argparse
import os
import secrets
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

from helpers.commands import environment, places, processes, voice

HOST = "127.0.0.1"
PORT = 8888


def main(arguments: list[str]) -> int:
    """Set up if need be, start JupyterLab and stay until it ends."""
    parser = argparse.ArgumentParser("python -m helpers lab", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"where it listens ({PORT})")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    options = parser.parse_args(arguments)
    check_port(options.port)
    environment.ensure()
    token = secrets.token_hex(16)
    page = address(options.port, token, places.FIRST_NOTEBOOK)

    def greet(server: subprocess.Popen[bytes]) -> None:
        waiting = threading.Thread(
            target=_greet, args=(server, options.port, page, not options.no_browser), daemon=True
        )
        waiting.start()

    voice.say("Starting JupyterLab …")
    try:
        return processes.run(
            *server_arguments(options.port, places.ROOT),
            extra={"JUPYTER_TOKEN": token, "WORKBOOK_TAKES_BARS_AWAY": "1"},
            started=greet,
        )
    except KeyboardInterrupt:
        voice.say("\nJupyterLab is closed. See you soon.")
        return 0


def server_arguments(port: int, folder: Path) -> list[str]:
    """How JupyterLab is started: on this computer only, quietly, showing this folder."""
    arguments = [
        *("-m", "jupyterlab", "--no-browser"),
        *("--ServerApp.log_level=ERROR", "--LabApp.log_level=ERROR"),
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.answer_yes=True",  # Ctrl-C ends it without a question
        "--FileContentsManager.pre_save_hook=helpers.waiting.without_bars",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    # Jupyter refuses to start for root unless told so; in containers there is nobody else.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    return arguments


def address(port: int, token: str, notebook: str) -> str:
    """Where a notebook is found once the server runs."""
    return f"http://{HOST}:{port}/lab/tree/{notebook}?token={token}"


def check_port(port: int, job: str = "lab", other_server: str = "another JupyterLab") -> None:
    """Stop with advice when something listens on this port already."""
    if _is_free(port):
        return
    other = next((p for p in range(port + 1, min(port + 50, 65536)) if _is_free(p)), None)
    advice = f"\nTry: python -m helpers {job} --port {other}" if other else ""
    raise voice.Stop(f"Port {port} is in use, perhaps by {other_server}.{advice}")


def answers(port: int) -> bool:
    """Whether a Jupyter server answers on this port."""
    try:
        urllib.request.urlopen(f"http://{HOST}:{port}/api", timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        if os.name == "posix":
            # A port that was left a moment ago is free, whatever the system still remembers of it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True


def _greet(server: subprocess.Popen[bytes], port: int, page: str, browse: bool) -> None:
    """Once the server answers, show the reader where to go, and go there."""
    while server.poll() is None:
        if answers(port):
            voice.say(f"The workbook is open at\n\n  {page}\n\nCtrl-C here closes it.")
            if browse:
                webbrowser.open(page)
            return
        time.sleep(0.1)
