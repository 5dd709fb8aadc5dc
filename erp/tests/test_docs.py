"""The documents point to what exists, and the worked example in them fits together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
DECISIONS = ROOT / "docs" / "adr"
SECTIONS = ["Context", "Decision", "Consequences", "Rejected"]

FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PICTURE = re.compile(r"""(?:srcset="|src="|!\[[^\]]*\]\()([^")]+\.png)""")
HEADING = re.compile(r"^#+ (.+)$", re.M)
PATH = re.compile(r"`([\w.]+/[\w./-]*)`")
EXAMPLE = re.compile(r"^`(vessels/[\w/]+\.py)`:\n\n```python\n(.*?)^```$", re.M | re.S)
NAMED_DECISION = re.compile(r"docs/adr/(\d{4})")

START = "import django; django.setup(); from django.core.management import call_command; call_command('check')"


def shipped(*suffixes: str) -> list[Path]:
    """Our own files with these suffixes: no packages, no data of a running system."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in {"var", "node_modules"}]
        found += [Path(folder) / name for name in names if name.endswith(suffixes)]
    return sorted(found)


def anchors(document: Path) -> set[str]:
    """Fragments that lead to a heading of this document."""
    headings = HEADING.findall(FENCE.sub("", document.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(document: Path, link: str) -> bool:
    """Whether a relative link of this document leads to a file of ours and a heading in it; addresses are not followed."""
    if re.match(r"[a-z]+:", link):
        return True
    path, _, anchor = link.partition("#")
    target = (document.parent / path).resolve() if path else document
    return target.is_relative_to(ROOT) and target.exists() and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("document", shipped(".md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_to_a_file_and_a_heading(document: Path) -> None:
    links = LINK.findall(FENCE.sub("", document.read_text()))
    assert [link for link in links if not leads_somewhere(document, link)] == []


def test_pictures_are_there_small_and_shown() -> None:
    """`make screenshots` takes them again."""
    documents = {path: path.read_text() for path in (ROOT / "README.md", ROOT / "docs" / "staff.md")}
    shown = {(path.parent / name).resolve() for path, text in documents.items() for name in PICTURE.findall(text)}
    pictures = set((ROOT / "docs" / "images").iterdir())
    assert shown == pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > 120_000] == []
    assert sum(picture.stat().st_size for picture in pictures) < 2_500_000


@pytest.mark.parametrize("document", shipped(".md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_that_a_document_names_exist(document: Path) -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"var"}
    named = {path for path in PATH.findall(document.read_text()) if path.split("/")[0] in folders}
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_decisions_are_numbered_without_gaps_and_built_alike() -> None:
    decisions = sorted(DECISIONS.glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04d}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        title, *sections = HEADING.findall(path.read_text())
        assert (title[:6], sections) == (f"{path.name[:4]}. ", SECTIONS), path.name


def test_decisions_that_the_code_names_exist() -> None:
    numbers = {path.name[:4] for path in DECISIONS.glob("*.md")}
    for path in shipped(".py", ".sql", ".toml", ".ini"):
        assert set(NAMED_DECISION.findall(path.read_text())) <= numbers, path


def test_worked_example_of_a_domain_passes_the_system_checks(tmp_path: Path) -> None:
    files = dict(EXAMPLE.findall((ROOT / "docs" / "add-a-domain.md").read_text()))
    assert set(files) == {
        f"vessels/{name}.py" for name in ("apps", "models", "admin", "api", "tests/factories", "tests/test_contract")
    }
    files |= {
        "vessels/__init__.py": "",
        "vessels/tests/__init__.py": "",
        "with_vessels.py": "from erp.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, 'vessels']\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    run = subprocess.run(
        [sys.executable, "-c", f"{START}; import vessels.api, vessels.tests.test_contract"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "with_vessels", "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
