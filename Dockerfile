# One image with the programs; docker-compose.yml says which one a container runs.
FROM rust:1.95-slim-bookworm AS build
# What is built beside, such as delivery/nats.
ARG F6_FEATURES=
WORKDIR /f6
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/f6/target \
    cargo build --locked --release --package migration --package write-api --package query-api --package delivery --package bsn-issuer --features "$F6_FEATURES" \
    && cp target/release/migration target/release/write-api target/release/query-api target/release/delivery target/release/bsn-issuer /usr/local/bin/

FROM debian:bookworm-slim
# Whom the delivery worker trusts; SSL_CERT_FILE names others.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/migration /usr/local/bin/write-api /usr/local/bin/query-api /usr/local/bin/delivery /usr/local/bin/bsn-issuer /usr/local/bin/
COPY write_config.yaml query_config.yaml /etc/f6/
ENV F6_WRITE_CONFIG_PATH=/etc/f6/write_config.yaml F6_QUERY_CONFIG_PATH=/etc/f6/query_config.yaml
USER nobody
