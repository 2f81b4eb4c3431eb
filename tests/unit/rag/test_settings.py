from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import LOCAL_AT_ONCE, LOCAL_EVIDENCE, SERVED_AT_ONCE, SERVED_EVIDENCE, Settings
from rag.settings_layers import load_settings


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_defaults_need_nothing(here) -> None:
    settings = load_settings(environ={})
    assert (settings.llm, settings.host, settings.port) == ("local", "127.0.0.1", 7860)


def test_options_beat_the_environment_and_that_beats_the_file(here) -> None:
    (here / "footnote.toml").write_text('llm = "none"\nport = 1\npassages = 3\n')
    settings = load_settings(
        {"port": 3, "llm": None}, environ={"FOOTNOTE_PORT": "2", "FOOTNOTE_PASSAGES": "4"}
    )
    assert (settings.llm, settings.port, settings.passages) == ("none", 3, 4)


@pytest.mark.parametrize(
    ("file", "environ", "options", "message"),
    [
        pytest.param(
            "prot = 1", {}, {}, "unknown setting 'prot' in footnote.toml; the settings are", id="file"
        ),
        pytest.param(
            "",
            {"FOOTNOTE_PROT": "1"},
            {},
            "unknown setting 'FOOTNOTE_PROT' in the environment",
            id="environment",
        ),
        pytest.param("", {}, {"prot": 1}, "unknown setting 'prot' in the options", id="options"),
        pytest.param("port = 99999", {}, {}, "'port' in footnote.toml is not valid", id="out of range"),
        pytest.param("", {"FOOTNOTE_LLM": "gpt"}, {}, "local-small, none, openai:NAME", id="what is allowed"),
        pytest.param("port = ", {}, {}, "cannot read the settings in footnote.toml", id="not TOML"),
    ],
)
def test_what_is_wrong_is_named(here, file: str, environ: dict, options: dict, message: str) -> None:
    (here / "footnote.toml").write_text(file)
    with pytest.raises(SettingsError, match=message):
        load_settings(options, environ=environ)


def test_a_named_file_must_exist(here) -> None:
    with pytest.raises(SettingsError, match="no settings file"):
        load_settings(environ={}, file=here / "none.toml")


def test_keys_are_never_shown() -> None:
    assert "hunter2" not in repr(Settings(llm_api_key="hunter2"))


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1


@pytest.mark.parametrize(
    ("given", "tokens"),
    [
        pytest.param({}, LOCAL_EVIDENCE, id="local"),
        pytest.param({"llm": "local-small"}, LOCAL_EVIDENCE, id="small"),
        pytest.param({"llm": "openai:gpt"}, SERVED_EVIDENCE, id="served"),
        pytest.param({"llm": "openai:gpt", "evidence_tokens": 400}, 400, id="as set"),
    ],
)
def test_the_evidence_shown_follows_the_model(given: dict, tokens: int) -> None:
    assert Settings(**given).evidence_budget == tokens


@pytest.mark.parametrize(
    ("file", "environ", "names"),
    [
        pytest.param('hosts = ["A.example", "b"]', {}, ("a.example", "b"), id="list in the file"),
        pytest.param("", {"FOOTNOTE_HOSTS": "a.example, b,"}, ("a.example", "b"), id="environment"),
        pytest.param("", {"FOOTNOTE_HOSTS": ""}, (), id="empty"),
    ],
)
def test_several_names_are_a_list_or_one_text(here, file: str, environ: dict, names: tuple) -> None:
    (here / "footnote.toml").write_text(file)
    assert load_settings(environ=environ).hosts == names


@pytest.mark.parametrize("name", ["https://a.example", "a.example:80", "a/b", "-a", "*", "[::1]"])
def test_a_host_is_a_bare_name(here, name: str) -> None:
    with pytest.raises(SettingsError, match="'FOOTNOTE_HOSTS' in the environment is not valid.* bare name"):
        load_settings(environ={"FOOTNOTE_HOSTS": name})


def test_proxies_are_addresses_or_networks(here) -> None:
    settings = load_settings(environ={"FOOTNOTE_PROXIES": "127.0.0.1, 10.0.0.0/8"})
    assert settings.proxies == ("127.0.0.1/32", "10.0.0.0/8")
    with pytest.raises(SettingsError, match="'FOOTNOTE_PROXIES' in the environment is not valid"):
        load_settings(environ={"FOOTNOTE_PROXIES": "nginx"})


@pytest.mark.parametrize(
    ("given", "at_once"),
    [
        ({"llm": "local"}, LOCAL_AT_ONCE),
        ({"llm": "openai:x"}, SERVED_AT_ONCE),
        ({"llm": "local", "llm_at_once": 3}, 3),
        ({"llm": "openai:x", "llm_at_once": 3}, 3),
    ],
)
def test_answers_at_once_are_by_the_model_when_not_set(given, at_once) -> None:
    assert Settings(**given).answers_at_once == at_once


class TestChroma:
    def test_headers_come_from_a_table_or_from_json(self, here) -> None:
        (here / "footnote.toml").write_text('chroma_headers = {X-Team = "a", X-Other = "b"}')
        [(team, a), (other, b)] = load_settings(environ={}).chroma_headers
        assert (team, a.get_secret_value(), other, b.get_secret_value()) == ("X-Team", "a", "X-Other", "b")
        [(team, a)] = load_settings(environ={"FOOTNOTE_CHROMA_HEADERS": '{"X-Team": "c"}'}).chroma_headers
        assert (team, a.get_secret_value()) == ("X-Team", "c")
        assert load_settings(environ={"FOOTNOTE_CHROMA_HEADERS": ""}).chroma_headers == ()

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            pytest.param("CHROMA", "localhost:8000", "no address as in http://", id="no scheme"),
            pytest.param("CHROMA", "ftp://hunter2", "no address as in http://", id="another scheme"),
            pytest.param("CHROMA", "http://", "no address as in http://", id="no host"),
            pytest.param("CHROMA", "http://me:hunter2@host", "give it by 'chroma_headers'", id="a password"),
            pytest.param("CHROMA", "http://host?key=hunter2", "tenant=NAME and database=NAME", id="a query"),
            pytest.param("CHROMA", "http://host?tenant=", "tenant=NAME and database=NAME", id="no tenant"),
            pytest.param("CHROMA_HEADERS", "X-Key: hunter2", "not JSON", id="no JSON"),
            pytest.param("CHROMA_HEADERS", '["hunter2"]', "setting 'FOOTNOTE_CHROMA_HEADERS'", id="a list"),
            pytest.param("CHROMA_HEADERS", '{"a b": "hunter2"}', "that no header can have", id="a name"),
            pytest.param(
                "CHROMA_HEADERS", '{"X": "hunter2\\n"}', "header X has no plain text", id="two lines"
            ),
            pytest.param("CHROMA_HEADERS", '{"X": 2}', "header X has no plain text", id="no text"),
        ],
    )
    def test_what_is_wrong_is_named_and_no_secret_shown(
        self, here, name: str, value: str, message: str
    ) -> None:
        with pytest.raises(SettingsError, match=message) as error:
            load_settings(environ={f"FOOTNOTE_{name}": value})
        assert "hunter2" not in str(error.value)

    def test_secrets_are_never_shown(self) -> None:
        secret = {"chroma_token": "hunter2", "chroma_headers": {"X-Key": "hunter3"}}
        settings = Settings(chroma="http://host", **secret)
        assert "hunter" not in f"{settings!r} {settings} {settings.model_dump_json()}"

    def test_an_address_may_name_a_path_a_tenant_and_a_database(self) -> None:
        address = "https://host/team?tenant=research&database=papers"
        assert Settings(chroma=address).chroma == address
        assert Settings(chroma="http://host:8000/").chroma == "http://host:8000"
