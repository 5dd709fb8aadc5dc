"""What the product brings along: bill of materials, licences and known holes of the packages in requirements.lock.

    python deploy/audit.py [--strict]

Writes var/audit/sbom.json (CycloneDX), licences.json and holes.json. Fails on a licence that nobody has allowed. Known holes,
and packages that the service of known holes told nothing of, are printed; --strict fails on them, too.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK, FOLDER = ROOT / "requirements.lock", ROOT / "var" / "audit"
# The product is proprietary: these let it use a package as it is.
ALLOWED = re.compile(
    r"MIT|MIT-0|MIT-CMU|MIT License|Apache.*|BSD.*|\d-Clause BSD.*|PSF-2\.0|Python Software Foundation License|Unlicense|ISC.*"
    r"|ZPL-2\.1|OFL-1\.1|MPL-2\.0|Mozilla Public License 2\.0.*|LGPL-3\.0-only|GNU Lesser General Public License.*"
)


def refused(packages: Sequence[Mapping[str, str]]) -> list[str]:
    """Packages whose licence is none of the allowed ones; of several with OR one is enough, with AND or ; all must be.

    >>> refused([{"Name": "one", "License": "GPL-3.0-only OR MIT"}, {"Name": "two", "License": "MIT AND GPL-3.0-only"}])
    ['two: MIT AND GPL-3.0-only']
    """
    return [
        f"{each['Name']}: {each['License']}"
        for each in packages
        if not any(
            all(ALLOWED.fullmatch(part.strip("() ")) for part in re.split(" AND |;", way))
            for way in each["License"].split(" OR ")
        )
    ]


def holes(packages: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Known holes, a line each, and the names of packages that could not be looked up."""
    found = [
        f"{each['name']} {each['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for each in packages
        for hole in each.get("vulns", ())
    ]
    return found, [each["name"] for each in packages if "skip_reason" in each]


def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Of the tools that are installed beside this Python."""
    command = [str(Path(sys.executable).parent / tool), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (named here)


def written(path: Path, done: subprocess.CompletedProcess[str]) -> Any:
    """What the tool wrote. Raises: SystemExit: nothing."""
    if not path.exists():
        raise SystemExit(f"{Path(done.args[0]).name} wrote no {path.name}: {done.stderr.strip()[-2000:]}")
    return json.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strict", action="store_true")
    strict = parser.parse_args().strict
    FOLDER.mkdir(parents=True, exist_ok=True)
    bill, licences, report = (FOLDER / name for name in ("sbom.json", "licences.json", "holes.json"))
    for path in (bill, licences, report):
        path.unlink(missing_ok=True)
    names = re.findall(r"^([\w.-]+)(?:\[|==)", LOCK.read_text(encoding="utf-8"), re.M)
    parts = written(bill, run("cyclonedx-py", "requirements", str(LOCK), "--output-file", str(bill)))["components"]
    printed = run("pip-licenses", "--format=json", "--with-urls", f"--output-file={licences}", "--packages", *names)
    wrong = refused(written(licences, printed))
    print(f"Bill of materials of {len(parts)} packages, with licences: {FOLDER.relative_to(ROOT)}")
    asked = run(
        "pip-audit", "--requirement", str(LOCK), "--disable-pip", "--require-hashes", "--progress-spinner=off",
        "--timeout=10", "--format=json", f"--output={report}",
    )  # fmt: skip
    packages = json.loads(report.read_text(encoding="utf-8"))["dependencies"] if report.exists() else []
    found, unknown = holes(packages)
    if packages:
        looked_up = len(packages) - len(unknown)
        print(f"Known holes: {len(found)} in {looked_up} packages; {len(unknown)} could not be looked up")
        print("".join(f"  {line}\n" for line in found), end="")
    else:
        print(f"The service of known holes did not answer: {asked.stderr.strip()[-300:]}")
    if wrong:
        raise SystemExit("Licences that nobody has allowed (ALLOWED in deploy/audit.py): " + "; ".join(wrong))
    if strict and (found or unknown or not packages):
        raise SystemExit("There are known holes, or packages of which nobody said whether they have any.")


if __name__ == "__main__":
    main()
