# Couplet as a container. The configuration is mounted at /etc/couplet/couplet.yaml, the coupling database is named in
# COUPLET_DATABASE_URL (compose.yaml shows both).
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM ${NODE_IMAGE} AS page
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json vite.config.ts ./
RUN npm ci
COPY src ./src
RUN npm run build:web

FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    COUPLET_DATA_DIR=/var/lib/couplet-data
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY drizzle ./drizzle
COPY src ./src
COPY --from=page /app/dist/web ./dist/web
RUN mkdir -p /etc/couplet "$COUPLET_DATA_DIR" && chown node:node "$COUPLET_DATA_DIR"
USER node
EXPOSE 4870
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4870/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, not npm: the signal that asks for an orderly end must reach it.
ENTRYPOINT ["node", "--max-semi-space-size=8", "/app/src/cli.ts"]
CMD ["start", "--config", "/etc/couplet/couplet.yaml", "--host", "0.0.0.0"]
