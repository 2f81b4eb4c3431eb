"""The plain LangChain way, as its tutorials show it, on the same models."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

PROMPT = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved context to "
    "answer the question. If you don't know the answer, just say that you don't know. Use three sentences "
    "maximum and keep the answer concise.\nQuestion: {question}\nContext: {context}\nAnswer:"
)


def ingest(texts: Sequence[tuple[str, str]], model: Path, folder: Path):
    """Split, embed and store (name, text) pairs; return the vector store and the number of chunks."""
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    chunks = splitter.split_documents([Document(text, metadata={"source": name}) for name, text in texts])
    embeddings = HuggingFaceEmbeddings(model_name=str(model))
    return Chroma.from_documents(chunks, embeddings, persist_directory=str(folder)), len(chunks)


def answer(store, llm, question: str) -> Iterator[str]:
    """Yield the words of an answer over the four nearest chunks."""
    chunks = store.similarity_search(question, k=4)
    context = "\n\n".join(chunk.page_content for chunk in chunks)
    for piece in llm.stream(PROMPT.format(question=question, context=context)):
        yield piece.text


if __name__ == "__main__":
    files, model, folder = sys.argv[1:]
    started = time.perf_counter()
    texts = [(path.name, path.read_text("utf-8")) for path in sorted(Path(files).iterdir())]
    _, count = ingest(texts, Path(model), Path(folder))
    sys.stdout.write(f"{count} {time.perf_counter() - started}\n")
