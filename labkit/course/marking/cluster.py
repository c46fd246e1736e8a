"""Marking on a Dask cluster."""

import time

from labkit.course.labs import CourseError
from labkit.course.marking.workers import mark_job

try:
    import distributed
except ImportError:
    distributed = None


def connect(address):
    """A client of the Dask scheduler at an address. Raises CourseError if none answers."""
    if distributed is None:
        raise CourseError("--scheduler needs Dask: python -m pip install 'labkit[cluster]'")
    try:
        return distributed.Client(address, timeout=20)
    except (OSError, ValueError, TimeoutError) as error:
        raise CourseError(f"no Dask scheduler answers at {address} ({error}).") from None


def run_on_cluster(jobs, client):
    """(job, answer) for each job as it is done, an answer being what `mark_job` returns, or an exception.

    What a lost worker had begun is begun again elsewhere, and counted once.
    """
    try:
        futures, failed = {}, []
        for job in jobs:
            future = client.submit(mark_job, job, key=f"labkit-{job.key}-{time.time_ns()}", pure=False, retries=2)
            futures[future.key] = (future, job)
        seen = set()
        for future in distributed.as_completed([future for future, _ in futures.values()]):
            if future.key in seen:
                continue
            seen.add(future.key)
            job = futures[future.key][1]
            if future.status == "finished":
                yield job, future.result()
            else:
                failed.append((job, future.exception()))
            future.release()
        yield from failed
    finally:
        client.close()
