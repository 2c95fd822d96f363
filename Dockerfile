# The version that the tests run on (tools/node/package.json). Another registry: --build-arg NODE_IMAGE=…
ARG NODE_IMAGE=docker.io/library/node:26.10.0-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
COPY tools/node tools/node
COPY tools/no-tracker tools/no-tracker
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY tools/no-tracker tools/no-tracker
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS gateway
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="modelgate" \
      org.opencontainers.image.description="An OpenAI-compatible gateway for organisations that bring their own models" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Package managers have no work here: without them there is less to keep patched. User 1000 is the image's `node`.
# Commands are run in the container by name: docker exec CONTAINER modelgate token --admin
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
           /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
 && ln -s /app/bin/modelgate.js /usr/local/bin/modelgate \
 && mkdir -p /var/lib/modelgate /etc/modelgate \
 && chown 1000:1000 /var/lib/modelgate

COPY --from=dependencies /app /app
COPY --from=build /src/dist /app/dist
COPY bin /app/bin
COPY config /app/config
COPY LICENSE README.md /app/
COPY config/modelgate.yaml /etc/modelgate/modelgate.yaml

ENV NODE_ENV=production \
    MODELGATE_CONFIG=/etc/modelgate/modelgate.yaml

# `state.data_dir` is ./data, in the one place that is written to: the root file system can be read-only.
WORKDIR /var/lib/modelgate
VOLUME /var/lib/modelgate
USER 1000:1000
EXPOSE 8080

# Alive, not ready: a gateway that drains is not to be restarted. With TLS, or with a port of telemetry's own, set the URL;
# the certificate is for the name that clients use, and is not looked at on loopback.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "const url = process.env.MODELGATE_HEALTH_URL || `http://127.0.0.1:${process.env.PORT || 8080}/healthz`; require(url.startsWith('https:') ? 'https' : 'http').get(url, { rejectUnauthorized: false }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

# Node is process 1 and needs no init before it: it handles SIGTERM itself, and waits for the processes it starts
# (`workers`).
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/bin/modelgate.js"]
CMD ["serve"]
