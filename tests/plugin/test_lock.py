"""One run at a time writes to an artifact folder."""

import pytest

from noisecore.plugin.locking import lock_folder


def test_second_run_is_refused(tmp_path) -> None:
    """A run that comes while another one writes is refused in one line; later it is not."""
    first = lock_folder(tmp_path, xdist_worker=False)
    with pytest.raises(pytest.UsageError, match="another run is writing to"):
        lock_folder(tmp_path, xdist_worker=False)
    first.close()
    lock_folder(tmp_path, xdist_worker=False).close()


def test_workers_that_outlived_their_controller(tmp_path) -> None:
    """Xdist's workers share the folder; a new run waits for those of a controller that died."""
    controller = lock_folder(tmp_path, xdist_worker=False)
    workers = [lock_folder(tmp_path, xdist_worker=True) for _ in range(2)]
    controller.close()
    with pytest.raises(pytest.UsageError, match="another run is writing to"):
        lock_folder(tmp_path, xdist_worker=False)
    for worker in workers:
        worker.close()
    lock_folder(tmp_path, xdist_worker=False).close()
