# syntax=docker/dockerfile:1
# One image per service: docker build --target gateway|inference|video|analytics|operator .
# Built in stages: wheels with compilers and pip, final images with neither.

ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS source
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY services ./services
COPY operator ./operator
COPY clients/cli ./clients/cli
COPY local ./local
RUN python -m pip wheel --no-deps --no-cache-dir --wheel-dir /wheel .

# A virtual environment per service, holding its extra and nothing else.
FROM python:${PYTHON}-slim AS builder
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/dino
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY --from=source /wheel /wheel

FROM builder AS build-gateway
RUN /opt/dino/bin/pip install "$(echo /wheel/*.whl)[gateway,cli]" && /opt/dino/bin/pip uninstall -y pip setuptools

FROM builder AS build-video
RUN /opt/dino/bin/pip install "$(echo /wheel/*.whl)[video]" && /opt/dino/bin/pip uninstall -y pip setuptools

FROM builder AS build-analytics
RUN /opt/dino/bin/pip install "$(echo /wheel/*.whl)[analytics]" && /opt/dino/bin/pip uninstall -y pip setuptools

FROM builder AS build-operator
RUN /opt/dino/bin/pip install "$(echo /wheel/*.whl)[operator]" && /opt/dino/bin/pip uninstall -y pip setuptools

# TORCH_INDEX chooses the build of PyTorch: https://download.pytorch.org/whl/cu130 for CUDA 13.
# TORCH is the requirement, so that a build can pin what a driver needs.
FROM builder AS build-inference
ARG TORCH=torch==2.13.0
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN /opt/dino/bin/pip install --index-url "${TORCH_INDEX}" "${TORCH}" \
    && /opt/dino/bin/pip install "$(echo /wheel/*.whl)[inference]" "${TORCH}"

# The built-in models, fetched and checked at build time, all of them or the build fails: the image has no pip to get
# one later. MODEL=none leaves the image without, for deployments that mount a model cache of their own.
FROM build-inference AS models
ARG MODEL=built-in
RUN mkdir -p /models && if [ "${MODEL}" = built-in ]; then \
        DINO_CACHE_DIR=/models /opt/dino/bin/python -m dino_inference.pull --strict; \
    fi

FROM build-inference AS build-inference-final
# setuptools stays: torch.compile imports it.
RUN /opt/dino/bin/pip uninstall -y pip

FROM python:${PYTHON}-slim AS runtime
RUN python -m pip uninstall -y pip setuptools wheel \
    && groupadd --gid 10001 dino \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin dino \
    && install -d -o 10001 -g 10001 /data /data/index /data/models
# Everything that is written lies below /data and /tmp: the root file system may be read-only.
ENV PATH=/opt/dino/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    DINO_CACHE_DIR=/data/models \
    DINO_INDEX_DIR=/data/index \
    DINO_ADMIN_HOST=0.0.0.0 \
    DINO_ADMIN_PORT=9090 \
    DINO_LOG_FORMAT=json
WORKDIR /data
USER 10001:10001
EXPOSE 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['DINO_ADMIN_PORT']}/ready\", timeout=4)"]
STOPSIGNAL SIGTERM

FROM runtime AS gateway
COPY --from=build-gateway /opt/dino /opt/dino
EXPOSE 3012
# The gateway has no admin port: its probes lie below /api/v1.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('API_PORT', '3012')}/api/v1/ready\", timeout=4)"]
ENTRYPOINT ["python", "-m", "dino_gateway"]

FROM runtime AS video
COPY --from=build-video /opt/dino /opt/dino
ENTRYPOINT ["python", "-m", "dino_video"]

FROM runtime AS analytics
COPY --from=build-analytics /opt/dino /opt/dino
VOLUME ["/data/index"]
ENTRYPOINT ["python", "-m", "dino_analytics"]

FROM runtime AS operator
COPY --from=build-operator /opt/dino /opt/dino
ENV DINO_OPERATOR_ADMIN_HOST=0.0.0.0 \
    DINO_OPERATOR_ADMIN_PORT=9090
ENTRYPOINT ["python", "-m", "dino_operator"]

FROM runtime AS inference
COPY --from=build-inference-final /opt/dino /opt/dino
COPY --from=models --chown=10001:10001 /models /data/models
ENTRYPOINT ["python", "-m", "dino_inference"]
