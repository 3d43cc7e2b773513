"""What describes a cluster: each file is held to its own format, and to what it names elsewhere."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import compose_spec
import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner

from maidian.cli import cli
from pipelines.beam_runner import _options

REPOSITORY = Path(__file__).parents[2]
CLUSTER = REPOSITORY / "infra" / "cluster"
MANIFESTS = sorted((CLUSTER / "kubernetes").glob("*.yaml"))


def documents() -> list[dict[str, Any]]:
    return [each for path in MANIFESTS for each in yaml.safe_load_all(path.read_text())]


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_kubernetes_knows_every_field(path: Path) -> None:
    for manifest in yaml.safe_load_all(path.read_text()):
        assert kubernetes_validate.validate(manifest, "1.34", strict=True) == "1.34"


def test_every_service_finds_pods_and_every_volume_its_claim() -> None:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for each in documents():
        by_kind.setdefault(each["kind"], []).append(each)
    pods = [each["spec"]["template"] for kind in ("Deployment", "StatefulSet") for each in by_kind[kind]]
    for service in by_kind["Service"]:
        wanted = service["spec"]["selector"].items()
        assert [pod for pod in pods if wanted <= pod["metadata"]["labels"].items()]
    pods += [each["spec"]["jobTemplate"]["spec"]["template"] for each in by_kind["CronJob"]]
    claims = {each["metadata"]["name"] for each in by_kind["PersistentVolumeClaim"]}
    named = [
        volume["persistentVolumeClaim"]["claimName"]
        for pod in pods
        for volume in pod["spec"].get("volumes", ())
        if "persistentVolumeClaim" in volume
    ]
    assert set(named) == claims


def test_compose_knows_every_field_and_service() -> None:
    text = (CLUSTER / "compose.yaml").read_text()
    held = yaml.safe_load(text)  # with anchors resolved, as compose itself does before it looks
    parsed = compose_spec.PyCompose.from_json(json.dumps(held))
    services = set(parsed.service_names())
    for service in held["services"].values():
        assert set(service.get("depends_on", ())) <= services
        network = service.get("network_mode", "")
        assert not network or network.removeprefix("service:") in services
    with pytest.raises(ValueError):
        compose_spec.PyCompose.from_json('{"services": {"a": {"image": "a", "comand": ["x"]}}}')


def test_beam_takes_the_options_that_the_files_give() -> None:
    compose = yaml.safe_load((CLUSTER / "compose.yaml").read_text())["services"]["scheduler"]["environment"]
    nightly = next(each for each in documents() if each["kind"] == "CronJob")
    (container,) = nightly["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    given = [compose["MAIDIAN_BEAM_OPTIONS"]]
    given += [each["value"] for each in container["env"] if each["name"] == "MAIDIAN_BEAM_OPTIONS"]
    assert len(given) == 2
    for text in given:
        known = _options(shlex.split(text)).get_all_options()
        assert known["environment_type"] == "EXTERNAL"
        assert known["job_endpoint"].endswith(":8099")
        assert known["artifact_endpoint"].endswith(":8098")


def test_the_image_copies_what_there_is_and_installs_extras_that_are_declared() -> None:
    text = (CLUSTER / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        *sources, _ = line.split()
        assert [source for source in sources if not (REPOSITORY / source).exists()] == []
    (extras,) = re.findall(r'"\.\[(.+)\]"', text)
    project = (REPOSITORY / "pyproject.toml").read_text()
    assert [extra for extra in extras.split(",") if f"\n{extra} = [" not in project] == []


def test_commands_in_the_files_have_the_options_they_are_given() -> None:
    for path in [CLUSTER / "compose.yaml", *MANIFESTS]:
        for command, options in re.findall(
            r'maidian"?,? "?(collect|ingest|run)((?:"?,? "?[\w./-]+)*)', path.read_text()
        ):
            known = CliRunner().invoke(cli, [command, "--help"]).output
            for option in re.findall(r"--[a-z-]+", options):
                assert option in known, f"{path.name}: maidian {command} {option}"
