# Footnote as a container: compose.yaml says how to start it.
#   docker build --tag footnote .
#   docker build --build-arg MODELS=all --tag footnote .   with the model files inside (1.2 GB)

ARG PYTHON=3.11
FROM python:${PYTHON}-slim-bookworm AS build
# The version, as git is not here; extras of pyproject.toml; an index with builds of PyTorch for processors
# only, which are smaller by gigabytes (https://pytorch.org names it).
ARG VERSION=0.1.0.dev0
ARG EXTRAS=server,mcp,anthropic,ollama
ARG TORCH_INDEX=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    SETUPTOOLS_SCM_PRETEND_VERSION_FOR_FOOTNOTE=${VERSION}
RUN python -m venv /opt/footnote
WORKDIR /source
COPY constraints.txt ./
RUN if [ -n "${TORCH_INDEX}" ]; then \
      /opt/footnote/bin/pip install --no-cache-dir --constraint constraints.txt --index-url "${TORCH_INDEX}" torch; \
    fi
COPY pyproject.toml README.md LICENSE ./
COPY rag rag
COPY ingest ingest
COPY ui ui
COPY seeds seeds
RUN /opt/footnote/bin/pip install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]"

FROM python:${PYTHON}-slim-bookworm
# libgomp: the local model computes with it; of Debian's versions the newest is right.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 footnote \
    && useradd --uid 10001 --gid footnote --no-create-home --home-dir /data footnote \
    && install --directory --owner footnote --group footnote /data /models
COPY --from=build /opt/footnote /opt/footnote
ENV PATH=/opt/footnote/bin:${PATH} \
    PYTHONUNBUFFERED=1 \
    FOOTNOTE_LIBRARY=/data/library \
    FOOTNOTE_MODELS=/models
USER 10001:10001
# Which model files are inside: none (fetched at the first start), embedder, or all.
ARG MODELS=none
RUN if [ "${MODELS}" != none ]; then \
      python -c "import sys; from rag.model_files.artifacts import EMBEDDER, LLM; from rag.model_files.fetching import ensure; from rag import load_settings; \
        [ensure(each, load_settings()) for each in (EMBEDDER, LLM)[: 1 + (sys.argv[1] == 'all')]]" \
        "${MODELS}"; \
    fi
WORKDIR /data
VOLUME ["/data", "/models"]
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=10m \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/health', timeout=4)"]
ENTRYPOINT ["footnote"]
CMD ["chat", "--auth", "--host", "0.0.0.0"]
