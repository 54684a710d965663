# ledgerd in a small image. compose.yaml builds it and says how it is run.
FROM debian:bookworm-slim AS build
WORKDIR /src
# First what changes least: the packages stay in the cache.
COPY cmake/dependencies.sh cmake/
RUN cmake/dependencies.sh
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY pkgconfig pkgconfig
COPY include include
COPY src src
COPY daemon daemon
COPY docs/openapi.json docs/
RUN cmake --preset release -G Ninja \
  && cmake --build --preset release --target ledgerd \
  && strip build/release/ledgerd

FROM debian:bookworm-slim
# The libraries ledgerd is linked with, and curl for the health check. A test compares the list.
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    curl \
    libfmt9 \
    libhiredis0.14 \
    libpq5 \
    libsimdjson14 \
    libsqlite3-0 \
    libssl3 \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/ledger --create-home ledger
COPY --from=build /src/build/release/ledgerd /usr/local/bin/
USER ledger
# Where ledger.db lies when there is no DB_URL: mount a volume here to keep it.
WORKDIR /var/lib/ledger
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["curl", "-fsS", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["ledgerd"]
