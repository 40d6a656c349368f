# The source runs as it is: nothing is built, only the packages are installed.
FROM node:24.21.0-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# glibc, certificates and time zones, but no shell and no package manager: what is not there cannot be misused
FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=packages /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=packages /app ./
COPY config ./config
COPY src ./src
ENV NODE_ENV=production
# uid 65532, by number: Kubernetes can then see that it is not root
USER 65532:65532
EXPOSE 8080 9090
# alive, not ready: whoever restarts what is unhealthy must not do so because Kafka is away
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "require('node:http').get({port:process.env.ADMIN_PORT||9090,path:'/livez'},r=>process.exit(r.statusCode===200?0:1)).on('error',()=>process.exit(1))"]
ENTRYPOINT ["node", "src/main.ts"]
CMD ["start", "config/gateway.yaml"]
