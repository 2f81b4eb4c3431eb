"""The files of ``deploy/``: linted, and in step with Footnote and each other. No container is started."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from rag.settings import Settings
from rag.settings_layers import load_settings
from ui.server import SHUTDOWN_S

CHECKOUT = Path(__file__).parents[3]
DEPLOY = CHECKOUT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
REPLICAS = {name: service for name, service in SERVICES.items() if name.startswith("footnote-")}
NGINX = (DEPLOY / "nginx" / "nginx.conf").read_text("utf-8")
PROMETHEUS = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
EXTRAS = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
MANIFESTS = sorted(
    set((DEPLOY / "kubernetes").glob("*.yaml")) - {DEPLOY / "kubernetes" / "kustomization.yaml"}
)
VERSIONS = ("1.30", "1.34")
KEPT = ("postgres", "chroma", "model")

FINISHING_S = 30
"""Seconds that reading files may take to come to a good end, see `ui.intake`."""


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text("utf-8")))


ALL = [each for file in MANIFESTS for each in documents(file)]
BY_NAME = {(each["kind"], each["metadata"]["name"]): each for each in ALL}
PODS = {
    each["metadata"]["name"]: each["spec"]["template"] for each in ALL if "template" in each.get("spec", {})
}
CHAT = PODS["footnote"]["spec"]["containers"][0]


def text_of(folder: Path) -> str:
    return "\n".join(file.read_text("utf-8") for file in sorted(folder.rglob("*")) if file.is_file())


def seconds(words: str) -> float:
    number, unit = re.fullmatch(r"(\d+)([sm])", words).groups()
    return int(number) * (60 if unit == "m" else 1)


class TestNames:
    def test_every_setting_is_one(self) -> None:
        names = set(re.findall(r"FOOTNOTE_[A-Z_]*[A-Z]", text_of(DEPLOY)))
        assert {name.removeprefix("FOOTNOTE_").lower() for name in names} <= set(Settings.model_fields)

    def test_every_extra_is_one(self) -> None:
        told = re.findall(r"EXTRAS[=:] ?(\S+)", text_of(DEPLOY))
        assert len(told) == 2
        assert all(set(each.split(",")) <= set(EXTRAS) for each in told)
        assert len(set(told)) == 1

    @pytest.mark.parametrize("name", sorted(REPLICAS))
    def test_the_settings_of_a_replica_are_valid(self, name: str, monkeypatch, tmp_path) -> None:
        monkeypatch.chdir(tmp_path)
        chosen = {"POSTGRES_PASSWORD": "0a1b", "FOOTNOTE_HOSTS": "docs.example.com"}
        environ = {key: filled(value, chosen) for key, value in REPLICAS[name]["environment"].items()}
        settings = load_settings({"auth": True, "host": "0.0.0.0"}, environ=environ)  # noqa: S104
        assert settings.metrics
        assert settings.hosts == ("docs.example.com",)

    def test_the_settings_of_a_pod_are_valid(self, monkeypatch, tmp_path) -> None:
        monkeypatch.chdir(tmp_path)
        environ = dict(BY_NAME["ConfigMap", "footnote"]["data"])
        for each in CHAT["env"]:
            environ[each["name"]] = "postgresql+psycopg://footnote:0a1b@postgres/footnote"
        assert load_settings(environ=environ).metrics

    def test_what_is_to_be_decided_is_named(self) -> None:
        named = set(re.findall(r"^#? ?([A-Z_]+)=", (DEPLOY / "example.env").read_text("utf-8"), re.MULTILINE))
        asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text("utf-8")))
        assert asked - named == {"VERSION"}
        assert named <= asked


def filled(value: str, chosen: dict[str, str]) -> str:
    """Return a value with its variables, or what stands for one that is not set."""
    return re.sub(
        r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda found: chosen.get(found[1], found[2] or ""), str(value)
    )


class TestCompose:
    def test_it_is_what_the_specification_allows(self) -> None:
        linter = Path(sys.executable).parent / "check-jsonschema"
        command = [linter, "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout

    def test_every_file_that_is_mounted_is_there(self) -> None:
        mounted = {
            volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())
        }
        files = {each for each in mounted if each.startswith(".")} - {"./tls"}
        assert {each for each in files if not (DEPLOY / each).exists()} == set()
        assert mounted - files - {"./tls"} == set(COMPOSE["volumes"])

    def test_nginx_and_prometheus_ask_the_replicas(self) -> None:
        servers = set(re.findall(r"server (\S+:\d+) ", NGINX))
        [job] = PROMETHEUS["scrape_configs"]
        assert servers == {f"{name}:7860" for name in REPLICAS}
        assert servers == set(job["static_configs"][0]["targets"])
        assert {service["hostname"] for service in REPLICAS.values()} == set(REPLICAS)

    def test_nginx_listens_where_its_ports_lead_and_is_believed(self) -> None:
        inside = {each.split(":")[-1] for each in SERVICES["nginx"]["ports"]}
        assert inside == set(re.findall(r"listen (\d+)", NGINX))
        known = dict(each.split(":") for each in SERVICES["nginx"]["extra_hosts"])
        places = {name: each["networks"]["inside"]["ipv4_address"] for name, each in REPLICAS.items()}
        assert known == places
        here = SERVICES["nginx"]["networks"]["inside"]["ipv4_address"]
        assert {service["environment"]["FOOTNOTE_PROXIES"] for service in REPLICAS.values()} == {here}

    def test_only_nginx_is_reached_from_outside(self) -> None:
        published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
        open_to_all = {name for name, ports in published.items() if not all("127.0.0.1:" in p for p in ports)}
        assert open_to_all == {"nginx"}

    def test_there_is_time_to_end_well(self) -> None:
        for service in REPLICAS.values():
            drain_s = float(service["environment"]["FOOTNOTE_DRAIN_S"])
            assert seconds(service["stop_grace_period"]) >= drain_s + SHUTDOWN_S + FINISHING_S

    def test_uploads_as_large_as_a_file_may_be_pass(self) -> None:
        [most] = re.findall(r"client_max_body_size (\d+)m;", NGINX)
        assert int(most) > Settings().max_file_mb

    def test_nothing_in_it_has_rights(self) -> None:
        for service in (*REPLICAS.values(), SERVICES["nginx"]):
            assert service["cap_drop"] == ["ALL"]
            assert service["read_only"] is True
            assert "no-new-privileges:true" in service["security_opt"]

    def test_no_secret_stands_in_it(self) -> None:
        for service in SERVICES.values():
            for name, value in service.get("environment", {}).items():
                if re.search(r"PASSWORD|KEY|TOKEN", name):
                    assert str(value).startswith("${"), name

    def test_every_image_has_a_version(self) -> None:
        images = [service["image"] for service in SERVICES.values()]
        images += [each["image"] for pod in PODS.values() for each in pod["spec"]["containers"]]
        assert {image for image in images if ":" not in image or "latest" in image} == {"footnote"}


class TestKubernetes:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.stem)
    def test_it_is_what_the_cluster_takes(self, file: Path, version: str) -> None:
        for each in documents(file):
            kubernetes_validate.validate(each, version, strict=True)

    def test_the_schema_finds_what_is_bad(self) -> None:
        bad = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"port": 80}}
        with pytest.raises(kubernetes_validate.ValidationError, match="port"):
            kubernetes_validate.validate(bad, VERSIONS[0], strict=True)

    def test_all_of_it_is_applied(self) -> None:
        [told] = documents(DEPLOY / "kubernetes" / "kustomization.yaml")
        assert set(told["resources"]) == {file.name for file in MANIFESTS}
        assert BY_NAME["Namespace", told["namespace"]]
        assert [image["name"] for image in told["images"]] == [CHAT["image"]]

    @pytest.mark.parametrize("name", sorted(PODS))
    def test_a_pod_has_probes_limits_and_no_rights(self, name: str) -> None:
        spec = PODS[name]["spec"]
        [container] = spec["containers"]
        assert {"readinessProbe", "livenessProbe"} <= set(container)
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        mounts = {each["name"] for each in container["volumeMounts"]}
        owner = BY_NAME.get(("StatefulSet", name), {"spec": {}})["spec"]
        claims = {each["metadata"]["name"] for each in owner.get("volumeClaimTemplates", ())}
        assert mounts == {each["name"] for each in spec["volumes"]} | claims

    @pytest.mark.parametrize("name", sorted(PODS))
    def test_its_service_leads_to_it(self, name: str) -> None:
        service = BY_NAME["Service", name]["spec"]
        assert service["selector"].items() <= PODS[name]["metadata"]["labels"].items()
        [container] = PODS[name]["spec"]["containers"]
        ports = {port["name"] for port in container["ports"]}
        assert {port["targetPort"] for port in service["ports"]} <= ports
        probes = [container[each] for each in container if each.endswith("Probe")]
        assert {probe["httpGet"]["port"] for probe in probes if "httpGet" in probe} <= ports

    def test_selectors_fit(self) -> None:
        for each in ALL:
            spec = each.get("spec", {})
            if "matchLabels" in spec.get("selector", {}):
                labels = PODS[each["metadata"]["name"]]["metadata"]["labels"]
                assert spec["selector"]["matchLabels"].items() <= labels.items()

    def test_settings_name_the_services(self) -> None:
        data = BY_NAME["ConfigMap", "footnote"]["data"]
        for address in (value for value in data.values() if value.startswith("http://")):
            host, port = re.match(r"http://([^:/]+):(\d+)", address).groups()
            assert int(port) in {each["port"] for each in BY_NAME["Service", host]["spec"]["ports"]}

    def test_the_chat_asks_what_tells_its_readiness(self) -> None:
        assert CHAT["readinessProbe"]["httpGet"]["path"] == "/ready"
        assert (
            CHAT["livenessProbe"]["httpGet"]["path"] == CHAT["startupProbe"]["httpGet"]["path"] == "/health"
        )

    def test_a_rolling_update_loses_nobody(self) -> None:
        spec = BY_NAME["Deployment", "footnote"]["spec"]
        assert spec["replicas"] >= 2
        assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        drain_s = float(BY_NAME["ConfigMap", "footnote"]["data"]["FOOTNOTE_DRAIN_S"])
        probe = CHAT["readinessProbe"]
        assert drain_s > probe["periodSeconds"] * 3 + probe["timeoutSeconds"]
        grace = PODS["footnote"]["spec"]["terminationGracePeriodSeconds"]
        assert grace >= drain_s + SHUTDOWN_S + FINISHING_S

    def test_the_ingress_leads_to_the_chat_by_the_name_that_it_knows(self) -> None:
        ingress = BY_NAME["Ingress", "footnote"]["spec"]
        [rule] = ingress["rules"]
        assert ingress["tls"][0]["hosts"] == [rule["host"]]
        assert rule["host"] == BY_NAME["ConfigMap", "footnote"]["data"]["FOOTNOTE_HOSTS"]
        assert rule["http"]["paths"][0]["backend"]["service"]["name"] == "footnote"

    def test_every_key_of_the_secret_is_told_how_to_make(self) -> None:
        keys = set(secrets(ALL))
        told = set(
            re.findall(r"--from-literal=([a-z-]+)=", (CHECKOUT / "docs" / "shared.md").read_text("utf-8"))
        )
        assert keys == told

    def test_what_lives_on_a_disk_of_its_own_is_not_made_twice(self) -> None:
        for name in KEPT:
            kind = "StatefulSet" if ("StatefulSet", name) in BY_NAME else "Deployment"
            assert BY_NAME[kind, name]["spec"]["replicas"] == 1


def secrets(value: Any) -> Iterator[str]:
    """Yield the keys of secrets that are asked for anywhere in a value."""
    if isinstance(value, dict):
        if "secretKeyRef" in value:
            yield value["secretKeyRef"]["key"]
        for each in value.values():
            yield from secrets(each)
    elif isinstance(value, list):
        for each in value:
            yield from secrets(each)
