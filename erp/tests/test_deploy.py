"""What deploy/ says fits together and fits the product: schemas, names, ports, variables, users. Nothing of it needs Docker."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").rglob("*.yaml"))
KUSTOMIZATIONS = [path for path in KUBERNETES if path.name == "kustomization.yaml"]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
PRODUCT = ("web", "worker", "migrate")
# Kinds of which nothing runs without: the rest has defaults in erp/settings.py.
REQUIRED = {"SECRET_KEY", "FIELD_ENCRYPTION_KEY", "JWT_SECRET", "DATABASE_URL", "REDIS_URL"}
SECRET_SECRETS = {"application", "owner", "audit-signing-key", "tls"}


def tool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name(name), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def known_variables() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))


def plain(names: Any) -> set[str]:
    """SECRET_KEY of SECRET_KEY_FILE; AUDIT_SIGNING_KEY_FILE is a variable of its own."""
    return {name if name in known_variables() else name.removesuffix("_FILE") for name in names}


def manifests() -> list[dict[str, Any]]:
    """Every Kubernetes object of base and overlay."""
    files = [path for path in KUBERNETES if path.name != "kustomization.yaml"]
    return [document for path in files for document in yaml.safe_load_all(path.read_text())]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item for item in manifests() if item["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """Name of a workload to its pod's template."""
    return {name: item["spec"]["template"] for kind in ("Deployment", "Job") for name, item in of_kind(kind).items()}


# Image ------------------------------------------------------------------------------------------------------------------


def test_dockerfile_has_no_finding() -> None:
    said = tool("hadolint", "--failure-threshold", "info", "deploy/Dockerfile")
    assert (said.returncode, said.stdout) == (0, "")


def test_image_runs_a_python_that_the_product_supports() -> None:
    version = re.search(r"python:(\d+)\.(\d+)-", (DEPLOY / "Dockerfile").read_text())
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert version
    assert wanted == ">=3.11"
    assert tuple(map(int, version.groups())) >= (3, 11)


def test_image_holds_no_tests_and_no_secrets() -> None:
    taken = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.M)
    assert all((ROOT / path).exists() for path in taken)
    assert not {"deploy", ".env", "var", "docs"} & set(taken)
    last_stage = (DEPLOY / "Dockerfile").read_text().rpartition("FROM ")[2]
    assert "USER 10001:10001" in last_stage
    assert "--no-deps --require-hashes --only-binary :all:" in (DEPLOY / "Dockerfile").read_text()


# Compose ----------------------------------------------------------------------------------------------------------------


def test_compose_file_is_of_the_specification() -> None:
    said = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_service_runs_without_powers_and_within_limits(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    assert "healthcheck" in service or "HEALTHCHECK" in (DEPLOY / "Dockerfile").read_text()
    assert "ports" not in service or name == "gateway"


def test_services_name_networks_volumes_and_secrets_that_exist() -> None:
    for name, service in COMPOSE["services"].items():
        used = {each["source"] if isinstance(each, dict) else each for each in service.get("secrets", [])}
        assert used <= set(COMPOSE["secrets"]), name
        assert set(service["networks"]) <= set(COMPOSE["networks"]), name
        assert set(service.get("depends_on", [])) <= set(COMPOSE["services"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).exists(), volume
        read = [v for v in service.get("environment", {}).values() if str(v).startswith("/run/secrets/")]
        targets = {each["target"] if isinstance(each, dict) else each for each in service.get("secrets", [])}
        assert {str(path).removeprefix("/run/secrets/") for path in read} <= targets, name
    made = (DEPLOY / "make_secrets.sh").read_text()
    assert all(secret["file"].removeprefix("secrets/") in made for secret in COMPOSE["secrets"].values())


def test_only_the_migration_has_the_owners_address() -> None:
    holders = [name for name in COMPOSE["services"] if "database_url_owner" in str(COMPOSE["services"][name])]
    assert holders == ["migrate"]
    assert [name for name, pod in pods().items() if "'name': 'owner'" in str(pod)] == ["migrate"]


@pytest.mark.parametrize("name", PRODUCT)
def test_compose_sets_what_production_needs_and_nothing_unknown(name: str) -> None:
    given = plain(COMPOSE["services"][name]["environment"])
    assert given <= known_variables()
    assert given >= REQUIRED


# Kubernetes -------------------------------------------------------------------------------------------------------------


def test_kubernetes_objects_are_of_the_published_schemas() -> None:
    patches = {path for file in KUSTOMIZATIONS for path in patched(file)}
    files = [path for path in KUBERNETES if path.name != "kustomization.yaml" and path not in patches]
    said = tool("kubernetes-validate", "--kubernetes-version", "1.36", "--strict", "--quiet", *files)
    assert said.returncode == 0, said.stdout + said.stderr


def patched(file: Path) -> list[Path]:
    return [file.parent / patch["path"] for patch in yaml.safe_load(file.read_text()).get("patches", [])]


@pytest.mark.parametrize("file", KUSTOMIZATIONS, ids=lambda path: path.parent.name)
def test_kustomization_names_every_file_beside_it(file: Path) -> None:
    resources = [(file.parent / name).resolve() for name in yaml.safe_load(file.read_text())["resources"]]
    assert all(path.exists() for path in resources)
    beside = {path for path in file.parent.glob("*.yaml") if path != file}
    assert beside == {path for path in resources if path.is_file()} | set(patched(file))


def test_selectors_ports_and_references_agree() -> None:
    labels = {pod["metadata"]["labels"]["app.kubernetes.io/name"]: name for name, pod in pods().items()}
    assert labels == {name: name for name in PRODUCT}
    for name, item in of_kind("Deployment").items():
        assert item["spec"]["selector"]["matchLabels"] == pods()[name]["metadata"]["labels"]
    for kind in ("Service", "PodDisruptionBudget"):
        for item in of_kind(kind).values():
            selector = item["spec"]["selector"]
            assert selector.get("matchLabels", selector)["app.kubernetes.io/name"] in labels
    ports = {port["name"] for pod in pods().values() for box in boxes(pod) for port in box.get("ports", [])}
    services = of_kind("Service")
    assert {port["targetPort"] for item in services.values() for port in item["spec"]["ports"]} == ports == {"http"}
    for item in of_kind("HorizontalPodAutoscaler").values():
        assert item["spec"].get("scaleTargetRef", {"name": "web"})["name"] in of_kind("Deployment")
    for rule in chain.from_iterable(item["spec"]["rules"] for item in of_kind("Ingress").values()):
        assert all(path["backend"]["service"]["name"] in services for path in rule["http"]["paths"])


def boxes(pod: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pod["spec"]["containers"]
    return found


@pytest.mark.parametrize("name", PRODUCT)
def test_pod_is_no_root_and_writes_only_to_its_volumes(name: str) -> None:
    pod = pods()[name]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["securityContext"]["runAsUser"] == 10001
    assert pod["spec"]["automountServiceAccountToken"] is False
    volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
    for box in boxes(pod):
        context = box["securityContext"]
        assert (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"]) == (True, False)
        assert context["capabilities"]["drop"] == ["ALL"]
        assert "memory" in box["resources"]["limits"]
        assert {mount["name"] for mount in box["volumeMounts"]} == volumes


def test_settings_of_the_pods_are_variables_of_the_product() -> None:
    literals = [
        literal.split("=", 1)[0]
        for file in KUSTOMIZATIONS
        for made in yaml.safe_load(file.read_text()).get("configMapGenerator", [])
        for literal in made["literals"]
    ]
    assert set(literals) <= known_variables()
    documented = (ROOT / "docs" / "operations.md").read_text()
    in_secret = REQUIRED | {"EMAIL_URL"}
    assert all(f"--from-file={name}=" in documented or f"--from-literal={name}=" in documented for name in in_secret)


def test_secrets_come_by_reference_alone() -> None:
    assert of_kind("Secret") == {}
    named = re.findall(
        r"secret(?:Ref|Name)?: ?\{?(?:name|secretName)?:? ?([\w-]+)", "\n".join(map(Path.read_text, KUBERNETES))
    )
    assert set(named) - {""} <= SECRET_SECRETS


# Environment ------------------------------------------------------------------------------------------------------------


def test_a_secret_may_come_from_a_file_whose_line_ends(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x" * 50 + "\n")
    lines = (line.split("=", 1) for line in (DEPLOY / "production.env.sample").read_text().splitlines() if "=" in line)
    environment = dict(lines) | {"SECRET_KEY": "", "SECRET_KEY_FILE": str(tmp_path / "key")}
    said = subprocess.run(
        [sys.executable, "-c", "from erp import settings; print(repr(settings.SECRET_KEY))"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.stdout.strip() == repr("x" * 50), said.stderr


@pytest.mark.parametrize("script", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_have_no_syntax_error(script: Path) -> None:
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0


# Packages ---------------------------------------------------------------------------------------------------------------

PINNED = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;]+)", re.M)


def test_lock_has_the_versions_of_requirements_each_with_hashes_and_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    named = {name.lower(): version for name, version in PINNED.findall((ROOT / "requirements.txt").read_text())}
    locked = {name.lower(): version for name, version in PINNED.findall(lock)}
    assert len(named) > 25
    assert named.items() <= locked.items(), "Run `make lock`."
    assert "://" not in lock
    blocks = re.split(r"^(?=\S)", lock, flags=re.M)[1:]
    assert [block.splitlines()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []


def test_lock_lacks_nothing_that_an_installed_package_needs() -> None:
    """Transitive ones included: the lock is installed with --no-deps."""
    locked = {canonicalize_name(name) for name, _ in PINNED.findall((ROOT / "requirements.lock").read_text())}
    for name in sorted(locked):
        try:
            needs = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:
            continue  # for another platform or Python
        wanted = {
            canonicalize_name(need.name) for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})
        }
        assert wanted <= locked, name


def test_licences_and_holes_are_told():
    audit = runpy.run_path(str(DEPLOY / "audit.py"))
    allowed = [
        "MIT",
        "Apache-2.0 AND BSD-2-Clause",
        "LGPL-3.0-only",
        "GPL-3.0-only OR BSD-3-Clause",
        "BSD License; MIT",
    ]
    wrong = ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "UNKNOWN", "MIT License; Proprietary"]
    packages = [{"Name": f"p{number}", "License": text} for number, text in enumerate(allowed + wrong)]
    assert audit["refused"](packages) == [f"p{number}: {text}" for number, text in enumerate(wrong, start=len(allowed))]
    holes = [
        {"name": "one", "version": "1.0", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["1.1", "2.0"]}]},
        {"name": "two", "version": "2.0", "vulns": [{"id": "CVE-2026-2", "fix_versions": []}]},
        {"name": "three", "version": "3.0", "vulns": []},
        {"name": "four", "skip_reason": "not found"},
    ]
    assert audit["holes"](holes) == (
        ["one 1.0: CVE-2026-1, mended in 1.1, 2.0", "two 2.0: CVE-2026-2, mended in no version yet"],
        ["four"],
    )
