# Owns the image of the coordinator: the sources as they are, on the Node of the lockfile. It needs DATABASE_URL and REDIS_URL, runs
# as a user without rights, and writes no file, so its root file system may be read-only.
FROM node:26.10.0-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages are the embedded servers, install scripts bring the pinned Node: this image has a Node, and its servers are elsewhere.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:26.10.0-trixie-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY scripts/holdfast.mjs ./scripts/
COPY sql ./sql
COPY workflows ./workflows
COPY src ./src
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether the process lives, and not whether it is ready: without PostgreSQL a new process would be no better.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=8", "src/main.ts"]
