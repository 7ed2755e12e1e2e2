"""Datasets: embedded, from disk, by download; each one checked and with its provenance."""

from noisecore.data.dataset import (
    Dataset,
    DatasetError,
    DatasetNotFoundError,
    as_dataset,
    content_sha256,
    unit_images,
)
from noisecore.data.listing import Listing, find_dataset, format_listing, list_datasets
from noisecore.data.loading import DATASETS, check_name, load_dataset, load_test, locate
from noisecore.data.own import check_arrays, class_numbers, find_own, is_own, write_own
from noisecore.data.published import DATA_DIR_VARIABLE
from noisecore.data.subset import Subset, choose, labels_of

__all__ = [
    "DATASETS",
    "DATA_DIR_VARIABLE",
    "Dataset",
    "DatasetError",
    "DatasetNotFoundError",
    "Listing",
    "Subset",
    "as_dataset",
    "check_arrays",
    "check_name",
    "choose",
    "class_numbers",
    "content_sha256",
    "find_dataset",
    "find_own",
    "format_listing",
    "is_own",
    "labels_of",
    "list_datasets",
    "load_dataset",
    "load_test",
    "locate",
    "unit_images",
    "write_own",
]
