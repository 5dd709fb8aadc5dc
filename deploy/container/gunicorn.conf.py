"""gunicorn in the container. GUNICORN_CMD_ARGS in the environment wins, for example --workers=4."""

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = 2
threads = 8
worker_tmp_dir = "/dev/shm"  # noqa: S108 (the heartbeat of a worker must not wait for a disk)
keepalive = 75  # longer than nginx keeps a connection to us
timeout = 60
graceful_timeout = 30
max_requests = 20_000  # memory that a library loses comes back; not in all workers at once
max_requests_jitter = 2_000
limit_request_line = 8190
accesslog = None  # nginx writes it
