"""The files that are sent, made once per size and kept in bench/scratch/data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from leadglass.app.phantom import PhantomStudy, ct_series, multi_frame

SHARES = 4  # every data set lies in four folders, so that four senders can each take one


@dataclass(frozen=True, slots=True)
class DataSet:
    """Files in folders `directory/0` … `directory/3`."""

    directory: Path
    files: int
    size: int

    @property
    def folders(self) -> list[Path]:
        return [self.directory / str(share) for share in range(SHARES)]


def ct_files(work: Path, count: int, size: int) -> DataSet:
    """CT slices of `size` x `size`, in studies of 100 slices."""
    return _written(work / "data" / f"ct-{size}-{count}", _ct(count, size))


def multi_frame_files(work: Path, frames: int) -> DataSet:
    """Four multi-frame instances, one per folder: 200 frames make 105 MB each."""
    studies = (PhantomStudy(patient_id=f"MF{n}") for n in range(SHARES))
    return _written(work / "data" / f"multi-frame-{frames}", (multi_frame(study, frames=frames) for study in studies))


LARGE_STUDY = PhantomStudy(patient_id="LARGE", accession_number="L1")


def large_study_files(work: Path, slices: int) -> DataSet:
    """One study; 200 slices make 105 MB."""
    return _written(work / "data" / f"large-study-{slices}", ct_series(LARGE_STUDY, slices=slices, size=512))


def warm_up_file(work: Path) -> Path:
    """One instance that belongs to no measured data set."""
    return _written(work / "data" / "warm-up", ct_series(PhantomStudy(patient_id="WARM"), slices=1)).folders[0]


def ct_study_uids(count: int, size: int) -> list[str]:
    """The studies that `ct_files` of the same arguments consists of."""
    return [study.study_instance_uid for study in _studies(count, size)]


def _ct(count: int, size: int) -> Iterator[bytes]:
    for index, study in enumerate(_studies(count, size)):
        yield from ct_series(study, slices=min(100, count - 100 * index), size=size)


def _studies(count: int, size: int) -> list[PhantomStudy]:
    return [
        PhantomStudy(patient_id=f"CT{size}-{number}", accession_number=f"C{number}") for number in range(0, count, 100)
    ]


def _written(directory: Path, contents: Iterator[bytes]) -> DataSet:
    done = directory / "complete"
    if not done.exists():
        for folder in DataSet(directory, 0, 0).folders:
            folder.mkdir(parents=True, exist_ok=True)
        for index, content in enumerate(contents):
            (directory / str(index % SHARES) / f"{index:06d}.dcm").write_bytes(content)
        done.touch()
    files = list(directory.glob("*/*.dcm"))
    for file in files:
        file.read_bytes()  # so that the sender reads from memory
    return DataSet(directory, len(files), sum(file.stat().st_size for file in files))
