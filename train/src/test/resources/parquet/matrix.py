"""Writes matrix_v1.parquet and matrix_v2.parquet: every compression that pyarrow writes, plain and dictionary, top-level and nested, in pages of both versions.

Run with pyarrow in this folder; the files are kept in the repository, so that the tests need no Python.
"""

import pyarrow as pa
import pyarrow.parquet as pq

TEXTS = ["first text", "", "naïve Ελληνικά 日本語 😀", "a longer text that repeats itself " * 20] * 5
CODECS = ["zstd", "snappy", "gzip", "lz4", "none"]

columns, compression, dictionary = {}, {}, []
for codec in CODECS:
    for encoding in ["plain", "dictionary"]:
        name = f"{codec}_{encoding}"
        columns[name] = pa.array(TEXTS)
        columns[f"in_{name}"] = pa.array([{"doc": {"body": text}} for text in TEXTS])
        for path in [name, f"in_{name}.doc.body"]:
            compression[path] = codec.upper()
            if encoding == "dictionary":
                dictionary.append(path)

table = pa.table(columns)
for version in ["1.0", "2.0"]:
    file = f"matrix_v{version[0]}.parquet"
    pq.write_table(table, file, row_group_size=8, compression=compression, use_dictionary=dictionary,
                   data_page_version=version, write_statistics=False, store_schema=False)
    group = pq.ParquetFile(file).metadata.row_group(0)
    for i in range(group.num_columns):
        column = group.column(i)
        assert column.compression == compression[column.path_in_schema].replace("NONE", "UNCOMPRESSED").replace(
            "LZ4", "LZ4"), column
        assert ("RLE_DICTIONARY" in column.encodings) == (column.path_in_schema in dictionary), column
        print(file, column.path_in_schema, column.compression, column.encodings)
