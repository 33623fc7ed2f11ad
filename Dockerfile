# A bridge, as `npm pack` makes it. See docs/operating.md.
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json .mcp.example.json CHANGELOG.md LICENSE README.md SECURITY.md ./
COPY src src
COPY policies policies
COPY docs docs
COPY examples/shop examples/shop
RUN npm run build
RUN npm pack --ignore-scripts --pack-destination /tmp \
  && mkdir /app \
  && tar -xzf /tmp/sidelight-*.tgz -C /app --strip-components=1 \
  && cp package-lock.json .npmrc /app/ \
  && npm ci --prefix /app --omit=dev --ignore-scripts \
  && npm cache clean --force

FROM node:24-slim
LABEL org.opencontainers.image.title="Sidelight" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.description="Ask a running program what its variables are, from your AI assistant."
ENV NODE_ENV=production \
  SIDELIGHT_HOST=0.0.0.0 \
  SIDELIGHT_DATA=/var/lib/sidelight
COPY --from=build /app /app
RUN install -d -o 1000 -g 1000 -m 0700 /var/lib/sidelight
# The user `node` of the image, by number, so that an orchestrator can see that it is not root.
USER 1000:1000
WORKDIR /var/lib/sidelight
VOLUME /var/lib/sidelight
EXPOSE 7433 9464
STOPSIGNAL SIGTERM
# Whether the process answers. Whether it is ready is for whoever spreads the load: /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SIDELIGHT_PORT||7433}/healthz`).then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# Signals reach node itself, which handles them as process 1: no init is needed, and no shell stands in between.
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["serve"]
