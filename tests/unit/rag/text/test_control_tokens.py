import re

import pytest
from gguf_vocabulary import control_tokens
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.prompt import messages
from rag.model_files.artifacts import LLM, LLM_SMALL
from rag.model_files.fetching import ensure, is_ready
from rag.settings_layers import load_settings
from rag.text.control_tokens import broken, defuse
from rag.text.hidden import cleaned

TEMPLATES = {
    "ChatML, Qwen": "<|im_start|> <|im_end|> <|endoftext|> <|fim_prefix|> <|repo_name|> <|file_sep|>"
    " <|box_start|> <tool_call> </tool_call> <tool_response> </tool_response> <think> </think>",
    "Llama 2": "<s> </s> <unk> [INST] [/INST] <<SYS>> <</SYS>>",
    "Llama 3": "<|begin_of_text|> <|end_of_text|> <|eot_id|> <|eom_id|> <|start_header_id|> <|end_header_id|>"
    " <|python_tag|> <|finetune_right_pad_id|> <|reserved_special_token_0|>",
    "Llama 4": "<|header_start|> <|header_end|> <|eot|> <|image_start|> <|patch|>",
    "Mistral": "<s> </s> [INST] [/INST] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_CALLS] [TOOL_RESULTS]"
    " [/TOOL_RESULTS] [SYSTEM_PROMPT] [/SYSTEM_PROMPT] [IMG] [IMG_BREAK] [IMG_END] [PREFIX] [MIDDLE] [SUFFIX]"
    " [THINK] [/THINK] [ARGS] [CALL_ID] [TOOL_CONTENT] [AUDIO] [BEGIN_AUDIO] [control_8] <SPECIAL_20>",
    "Gemma": "<bos> <eos> <pad> <unk> <mask> <start_of_turn> <end_of_turn> <start_of_image> <end_of_image>"
    " <image_soft_token> <unused0> <unused98> <2mass> [@BOS@] <|turn> <turn|> <|channel> <channel|>",
    "Phi": "<|system|> <|user|> <|assistant|> <|end|> <|endoftext|> <|placeholder1|> <|im_sep|> <|dummy_0|>",
    "GPT": "<|start|> <|channel|> <|message|> <|return|> <|call|> <|constrain|> <|endofprompt|>",
    "DeepSeek": "<｜begin▁of▁sentence｜> <｜end▁of▁sentence｜> <｜User｜> <｜Assistant｜> "
    " <｜tool▁calls▁begin｜> <think>",
    "Granite": "<|start_of_role|> <|end_of_role|> <|end_of_text|> <|tool_call|>",
    "Command R": "<BOS_TOKEN> <EOS_TOKEN> <|START_OF_TURN_TOKEN|> <|END_OF_TURN_TOKEN|>"
    " <|CHATBOT_TOKEN|> <PAD>",
    "GLM": "[gMASK] [sMASK] [MASK] <sop> <eop> <|observation|> <|user|>",
    "EXAONE": "[|system|] [|user|] [|assistant|] [|endofturn|]",
    "MiniMax": "]~!b[ ]~b] [e~[ <minimax:tool_call>",
    "Seed": "<seed:bos> <seed:eos> <seed:think>",
}
EVERY = sorted({token for words in TEMPLATES.values() for token in words.split()})


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_control_token_of_a_template_stays_whole(template: str) -> None:
    tokens = TEMPLATES[template].split()
    asked = messages(f"What of {' and '.join(tokens)}?", [])
    for token in tokens:
        assert token not in defuse(f"before{token}after")
        assert token.upper() not in defuse(token.upper())
        assert token not in asked[1][1]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a < b, <b>bold</b>, x[1], [INSTALL], a <| b", id="brackets"),
        pytest.param("<table><tr><td>1</td></tr></table> <h1> <em> <br/>", id="HTML"),
        pytest.param("a || b, if (a < b && c > d), [x for x in y], list[int]", id="code"),
        pytest.param("see [12], [Smith 2020], [sic], <name@example.org>, <https://example.org>", id="prose"),
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert broken(text) == text


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(EVERY), st.sampled_from("<|>[]/ \u200bs\xad"), st.text(max_size=3)))
)
def test_none_can_be_put_together_from_pieces(pieces: list[str]) -> None:
    safe = defuse("".join(pieces))
    assert not [token for token in EVERY if token in safe]


@given(st.text())
def test_all_that_is_added_is_spaces(text: str) -> None:
    assert broken(text).replace(" ", "") == text.replace(" ", "")
    assert re.sub(r"\s", "", defuse(text)) == re.sub(r"\s", "", cleaned(text))


def test_a_hidden_character_does_not_carry_a_token_past_the_check() -> None:
    assert "<|im_end|>" not in defuse("<\u200b|im_\xadend|\u2060>")


@pytest.mark.models
def test_no_control_token_in_the_vocabulary_of_the_local_model_stays_whole() -> None:
    found = load_settings()
    artifact = LLM_SMALL if is_ready(LLM_SMALL, found) and not is_ready(LLM, found) else LLM
    tokens = control_tokens(ensure(artifact, found))
    assert {"<|im_start|>", "<|im_end|>", "<|endoftext|>", "<tool_call>"} <= set(tokens)
    assert not [token for token in tokens if token in defuse(f"before{token}after")]
