"""Every notebook in a real JupyterLab in a real browser, as a reader sees it; the first two are run there, too.

That the others run is tested without a browser.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from helpers.commands import browser, lab, places, processes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOKS = sorted(path.name for path in places.NOTEBOOKS.glob("*.ipynb"))
RUN = NOTEBOOKS[:2]
TOKEN = "browser-test"
HIGHEST = 12_000  # pixels of a picture
PATIENCE = 120.0  # seconds; other tests keep the machine busy meanwhile

# What keeps Chromium from calling home, and lets it start for root in a container.
SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
# The notebook as Lab itself holds it: what is far down the page is not drawn until scrolled to.
PANEL = "[...window.jupyterapp.shell.widgets('main')].find(widget => widget.sessionContext)"
READY = f"""() => {{
    const panel = {PANEL};
    const kernel = panel && panel.sessionContext.session && panel.sessionContext.session.kernel;
    return Boolean(kernel) && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}}"""
CELLS = f"""() => [...{PANEL}.content.model.sharedModel.cells]
    .filter(cell => cell.cell_type === 'code' && cell.source.trim())
    .map(cell => ({{
        id: cell.id,
        count: cell.execution_count,
        errors: cell.outputs.filter(output => output.output_type === 'error')
            .map(output => `${{output.ename}}: ${{output.evalue}}`),
        meant: (cell.metadata.tags || []).includes('raises-exception'),
    }}))"""
# Lab does not go on after an error that is not meant: waiting longer would tell nothing.
FINISHED = f"""() => {{
    const cells = ({CELLS})();
    const stopped = cells.some(cell => cell.errors.length && !cell.meant);
    return stopped || (cells.length > 0 && cells.every(cell => cell.count));
}}"""
PAGE_HEIGHT = "() => document.querySelector('.jp-WindowedPanel-inner').scrollHeight"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what readers open, so that the committed files are never written."""
    copy = tmp_path_factory.mktemp("workbook")
    for name in ("notebooks", "data", "helpers/handlers"):
        if (places.ROOT / name).is_dir():
            shutil.copytree(places.ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """JupyterLab as `python -m helpers lab` starts it, for a reader who has no settings."""
    state = tmp_path_factory.mktemp("state")
    with socket.socket() as listener:
        listener.bind((lab.HOST, 0))
        port: int = listener.getsockname()[1]
    variables = processes.environment() | {
        "JUPYTER_TOKEN": TOKEN,
        "JUPYTER_CONFIG_DIR": str(state / "config"),
        "JUPYTER_DATA_DIR": str(state / "data"),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
        "IPYTHONDIR": str(state / "ipython"),
        "PYTHONPATH": str(places.ROOT),
    }
    with (
        (state / "log").open("wb") as log,
        subprocess.Popen(
            [
                sys.executable,
                *lab.server_arguments(port, folder),
                "--LabApp.expose_app_in_browser=True",
            ],
            cwd=folder,
            env=variables,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + PATIENCE
            while not lab.answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"JupyterLab did not start:\n{(state / 'log').read_text(encoding='utf-8')}")
                time.sleep(0.2)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where the pictures of the notebooks go: WORKBOOK_SCREENSHOTS, or a folder of the test's."""
    where = Path(os.environ.get("WORKBOOK_SCREENSHOTS") or tmp_path)
    where.mkdir(parents=True, exist_ok=True)
    return where


def test_a_browser_is_there() -> None:
    assert browser.missing() == ""


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_opens_in_lab_and_runs(name: str, server: int, screenshots: Path) -> None:
    from playwright.sync_api import sync_playwright

    page_errors: list[str] = []
    outside: list[str] = []

    def note(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != lab.HOST:
            outside.append(url)

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.chromium(), args=SWITCHES, timeout=PATIENCE * 1000
        )
        page = chromium.new_page(viewport={"width": 1280, "height": 1600})
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: page_errors.append(str(error)))
        page.on("request", lambda request: note(request.url))
        page.on("websocket", lambda websocket: note(websocket.url))
        page.goto(lab.address(server, TOKEN, f"notebooks/{name}") + "&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        # Without this the kernel may still be starting when the cells are sent to it.
        page.wait_for_function(READY)
        assert page.locator(".jp-Dialog").count() == 0, "Lab asks something before the reader can start"

        if name in RUN:
            run_all_cells(page)
        cells = page.evaluate(CELLS)
        take_picture(page, screenshots / f"{Path(name).stem}.png")
        chromium.close()

    assert cells
    assert [cell for cell in cells if bool(cell["errors"]) != cell["meant"]] == []
    assert [cell["id"] for cell in cells if not cell["count"]] == []
    assert page_errors == []
    assert outside == []


def run_all_cells(page: Any) -> None:
    """From the menus, as a reader does."""
    page.get_by_role("menuitem", name="Edit", exact=True).click()
    page.get_by_role("menuitem", name="Clear Outputs of All Cells").click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(FINISHED)
    page.wait_for_function(READY)


def take_picture(page: Any, path: Path) -> None:
    """The whole notebook: the window is made as high as what it shows."""
    height = min(int(page.evaluate(PAGE_HEIGHT)) + 200, HIGHEST)
    page.set_viewport_size({"width": 1280, "height": height})
    page.locator(".jp-Notebook .jp-Cell").first.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)  # Lab draws what has come into view a moment later
    page.screenshot(path=path)
