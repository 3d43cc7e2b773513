"""From a file and the `[input]` table of its mapping to the reader of its format."""

from pipelines.imports.input_file import InputPath, UnpackedFile
from pipelines.imports.mapping import FileFormat, InputFile
from pipelines.imports.readers.batch import RowReader
from schemas.errors import UsageError

FORMAT_OF_SUFFIX: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
}


def open_reader(file: InputPath, settings: InputFile, unpacked: UnpackedFile) -> RowReader:
    """Open the file in the format that `[input] format` or its name says; text formats read from `unpacked`."""
    file_format = settings.format or FORMAT_OF_SUFFIX.get(file.suffix)
    if file.is_gzip and file_format in ("xlsx", "parquet"):
        raise UsageError(f"{file.path}: {file_format} is packed in itself; unpack the gzip file first")
    match file_format:
        case "csv" | "tsv":
            from pipelines.imports.readers.csv_rows import CsvReader

            return CsvReader(unpacked, settings, settings.delimiter or ("\t" if file_format == "tsv" else ","))
        case "ndjson":
            from pipelines.imports.readers.ndjson_rows import NdjsonReader

            return NdjsonReader(unpacked, settings)
        case "parquet":
            from pipelines.imports.readers.parquet_rows import ParquetReader

            return ParquetReader(file, settings)
        case "xlsx":
            from pipelines.imports.readers.xlsx_rows import XlsxReader

            return XlsxReader(file, settings)
    raise UsageError(
        f"{file.path}: the name tells no format; say [input] format in the mapping, one of csv, tsv, xlsx, ndjson, parquet"
    )
