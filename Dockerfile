# One image for every process: `docker run IMAGE webhook`, `… processor`.
# python:3.13.15-slim-bookworm; Dependabot proposes newer digests.
FROM python:3.13.15-slim-bookworm@sha256:ed86c82274b3c69b52fb5820f358f0bd7df0b603332063cb5c6e32bd220c3e6e AS build

WORKDIR /source
COPY requirements/run.txt requirements/run.txt
# Wheels only, each held to its hash: nothing that is installed runs code before it is checked.
RUN python -m venv --without-pip /opt/incident-response \
 && python -m pip --python /opt/incident-response install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary=:all: --requirement requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m pip --python /opt/incident-response install --no-cache-dir --disable-pip-version-check \
      --no-deps --no-build-isolation --no-index . \
 && python -m pip --python /opt/incident-response uninstall --yes --disable-pip-version-check editables hatchling \
 && python -m compileall -q -j 0 /opt/incident-response/lib

FROM python:3.13.15-slim-bookworm@sha256:ed86c82274b3c69b52fb5820f358f0bd7df0b603332063cb5c6e32bd220c3e6e

LABEL org.opencontainers.image.title="incident-response" \
      org.opencontainers.image.licenses="Apache-2.0"
# By number, as Kubernetes wants it to prove that it is not root. The folder is there for runs without a volume.
RUN groupadd --gid 10001 app \
 && useradd --uid 10001 --gid app --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin app \
 && install --directory --owner app --group app --mode 0700 /var/lib/incident-response
COPY --from=build /opt/incident-response /opt/incident-response
ENV PATH=/opt/incident-response/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATE_DIR=/var/lib/incident-response
USER 10001:10001
WORKDIR /var/lib/incident-response
EXPOSE 8080 8081 8082
ENTRYPOINT ["incident-response"]
CMD ["--help"]
