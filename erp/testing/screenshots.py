"""Pictures of the desk for the documents, in light and dark: `make screenshots`.

Starts the product with a fresh demonstration in a folder of its own, signs in with the Chromium of this machine and writes
docs/images/. With `--address` it looks at a desk that runs already, and leaves its data changed: not for one that matters.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from erp import embedded
from erp.demo.login import PASSWORD, address

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
SAMPLE = ROOT / "docs" / "samples" / "locations-with-three-errors.csv"
LARGEST = 120_000  # bytes of one picture
COLOURS = (256, 128, 64, 32)
SIZE = {"width": 1280, "height": 800}
START_S = 300
SEAL_S = 150  # a job each minute, figures of a minute
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]

CLERK, COLLEAGUE, MANAGER, COMPLIANCE = "desk.mumbai", "desk2.mumbai", "orgadmin.mumbai", "compliance.mumbai"
PARTNERS = "/admin/partners/businesspartner/"


@dataclass
class Studio:
    """A browser at a desk; each person has a window of their own."""

    browser: Browser
    desk: str
    windows: dict[str, Page] = field(default_factory=dict)

    def window(self, person: str) -> Page:
        """The window of a member of the cast, signed in."""
        if person not in self.windows:
            page = self.browser.new_context(base_url=self.desk, viewport=SIZE).new_page()  # type: ignore[arg-type]
            page.goto("/admin/login/")
            page.get_by_label("Email or mobile").fill(address(person))
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("heading", name="Overview").wait_for()
            self.windows[person] = page
        return self.windows[person]

    def partner(self, person: str) -> Page:
        """The form of the partner of the README's tour."""
        page = self.window(person)
        page.goto(f"{PARTNERS}?q=dhanyarashi")
        page.locator("#result_list tbody th a").first.click()
        page.locator("#id_trade_name").wait_for()
        return page


def overview(studio: Studio) -> Page:
    """The overview, once the worker has sealed the record of the demonstration."""
    page = studio.window(MANAGER)
    give_up = time.monotonic() + SEAL_S
    page.goto("/admin/")
    while page.locator(".seal").get_by_text("Not yet").count() and time.monotonic() < give_up:
        page.wait_for_timeout(5_000)
        page.reload()
    return page


def palette(studio: Studio) -> Page:
    page = studio.window(CLERK)
    page.goto(PARTNERS)
    page.keyboard.press("Control+k")
    page.keyboard.type("dha")
    page.locator("#palette-results").get_by_text("Dhanyarashi").first.wait_for()
    return page


def form(studio: Studio) -> Page:
    return studio.partner(CLERK)


def conflict(studio: Studio) -> Page:
    late, early = studio.partner(COLLEAGUE), studio.partner(CLERK)
    for page, name, reason in ((early, "Dhanya Gin", "Name on the new signboard"), (late, "Dhanyarashi", "Invoices")):
        page.fill("#id_trade_name", name)
        page.fill("#id_reason", reason)
        page.get_by_role("button", name="Save", exact=True).click()
    late.locator(".conflict").wait_for()
    return late


def import_preview(studio: Studio) -> Page:
    page = studio.window(MANAGER)
    page.goto("/admin/locations/location/import/")
    page.set_input_files("input[type=file]", SAMPLE)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("heading", name="What is wrong").wait_for()
    return page


def compare(studio: Studio) -> Page:
    page = studio.partner(CLERK)
    then = (datetime.now(UTC) - timedelta(days=24)).date().isoformat()
    page.goto(f"{page.url.split('?')[0].replace('/change/', '/history/compare/')}?{urlencode({'a_on': then})}")
    return page


def explorer(studio: Studio) -> Page:
    page = studio.window(COMPLIANCE)
    page.goto("/admin/audit/events/?type=partners.businesspartner")
    return page


def approval(studio: Studio) -> Page | None:
    """A request that waits; the demonstration may have none, then a clerk asks for something first."""
    page = studio.window(MANAGER)
    page.goto("/admin/approvals/")
    found = page.locator("main table a[href*='/admin/approvals/']")
    if not found.count():
        _ask(studio.window(CLERK))
        page.reload()
    if not found.count():
        return None
    found.first.click()
    return page


def _ask(page: Page) -> None:
    page.goto("/admin/partners/partnerbankaccount/?q=dhanyarashi")
    page.locator("#result_list tbody th a").first.click()
    page.fill("#id_holder", "Dhanyarashi Cotton Gin Private Limited")
    page.fill("#id_reason", "Name on the cancelled cheque")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".messagelist").wait_for()


def world(studio: Studio) -> Page:
    page = studio.window(CLERK)
    page.goto("/admin/map/?country__alpha2__exact=IN")
    return page


def my_work(studio: Studio) -> Page:
    page = studio.window(CLERK)
    page.goto("/admin/my-work/")
    return page


def api_docs(studio: Studio) -> Page:
    page = studio.window(CLERK)
    page.goto("/api/docs")
    page.locator("#operations-tag-partners").click()
    page.locator("#operations-tag-partners").evaluate("tag => tag.scrollIntoView()")
    return page


PICTURES: dict[str, Callable[[Studio], Page | None]] = {
    "palette": palette,
    "form": form,
    "conflict": conflict,
    "import": import_preview,
    "compare": compare,
    "audit-log": explorer,
    "approval": approval,
    "map": world,
    "my-work": my_work,
    "api": api_docs,
    "overview": overview,
}


LIGHT_ONLY = {"api"}


def take(studio: Studio, names: list[str]) -> None:
    """Write each picture in both schemes; say which page could not be shown."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in names:
        page = PICTURES[name](studio)
        if page is None:
            sys.stdout.write(f"{name}: there is nothing to show; its picture stays as it was.\n")
            continue
        page.wait_for_load_state("networkidle")
        for scheme in ("light",) if name in LIGHT_ONLY else ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            path = IMAGES / f"{name}-{scheme}.png"
            path.write_bytes(reduced(page.screenshot(caret="hide", animations="disabled")))
            sys.stdout.write(f"{path.stat().st_size:>7} bytes  {path.relative_to(ROOT)}\n")


def reduced(png: bytes) -> bytes:
    """The picture in its most frequent colours, as many as fit into `LARGEST` bytes: large areas keep theirs exactly."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    found: Any = picture.getcolors(picture.width * picture.height)
    frequent = [colour for _, colour in sorted(found, reverse=True)]
    for colours in COLOURS:
        palette = Image.new("P", (1, 1))
        palette.putpalette([part for colour in frequent[:colours] for part in colour])
        small = io.BytesIO()
        picture.quantize(palette=palette, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= LARGEST:
            break
    return small.getvalue()


@contextmanager
def demonstration() -> Iterator[str]:
    """Address of a desk with a fresh demonstration; gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="cotton-pictures-") as folder,
        socket.create_server(("127.0.0.1", 0)) as held,
    ):
        port = held.getsockname()[1]
        held.close()
        data = Path(folder) / "postgres"
        socket_folder = embedded.start(data)
        where = urlencode({"host": socket_folder})
        url = f"postgresql://{embedded.USER}@/{embedded.DATABASE}?{where}"
        environment = {**os.environ, "DEBUG": "1", "DEMO": "1", "DATABASE_URL": url}
        command = [sys.executable, "manage.py", "desk", "--port", str(port)]
        desk = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
        try:
            _wait(desk, f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            desk.terminate()
            desk.wait()
            embedded.stop(data)


def _wait(desk: subprocess.Popen[bytes], url: str) -> None:
    """Raises: SystemExit: the desk ended, or doesn't answer."""
    give_up = time.monotonic() + START_S
    while desk.poll() is None and time.monotonic() < give_up:
        try:
            with urlopen(f"{url}/healthz", timeout=5):  # noqa: S310
                return
        except (URLError, OSError):
            time.sleep(0.3)
    sys.exit("The desk does not start: `make run` says why.")


def main() -> None:
    """Entry of `make screenshots`."""
    parser = argparse.ArgumentParser(description="Take the documents' pictures of the desk.")
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(PICTURES)}; none: all")
    parser.add_argument("--address", help="a desk with the demonstration that runs already; its data will be changed")
    options = parser.parse_args()
    if unknown := set(options.names) - set(PICTURES):
        parser.error(f"There is no picture {', '.join(unknown)}: choose from {', '.join(PICTURES)}.")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("There is no Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM=/path/to/it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        names = options.names or list(PICTURES)
        if options.address:
            take(Studio(browser, options.address), names)
            return
        with demonstration() as desk:
            take(Studio(browser, desk), names)


if __name__ == "__main__":
    main()
