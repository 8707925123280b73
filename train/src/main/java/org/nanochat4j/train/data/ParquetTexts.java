package org.nanochat4j.train.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.jspecify.annotations.Nullable;

/**
 * One column of strings, or of lists of them, of a parquet file, row group by row group, without a Hadoop installation.
 *
 * <p>Opening reads the footer only; {@link #rowGroupRows()} costs no data. Memory is one decoded row group. Not thread-safe.
 */
public final class ParquetTexts implements AutoCloseable {

    /** Name of the text column in nanochat's shards. */
    public static final String TEXT = "text";

    /** How writers name the levels between a list and its elements. */
    private static final Pattern LIST = Pattern.compile("\\.(list\\.(element|item)|bag\\.array_element|array)$");

    private final Path file;
    private final ColumnDescriptor column;
    private final MessageType schema;
    private final ParquetFileReader reader;
    private final List<Long> rowGroupRows;

    private ParquetTexts(Path file, ColumnDescriptor column, MessageType schema, ParquetFileReader reader) {
        this.file = file;
        this.column = column;
        this.schema = schema;
        this.reader = reader;
        this.rowGroupRows =
                reader.getRowGroups().stream().map(BlockMetaData::getRowCount).toList();
    }

    /**
     * Opens the column {@value #TEXT} of a shard.
     *
     * @throws DataException if the file cannot be read, is truncated or no parquet file, or has no such column
     */
    public static ParquetTexts open(Path file) {
        ParquetTexts texts = open(file, TEXT);
        if (texts.column.getMaxRepetitionLevel() > 0) {
            texts.close();
            throw new DataException(
                    "the text column holds lists, one text per row is needed",
                    file.toString(),
                    "make shards of it with `nanochat data import`, which takes every element as a document");
        }
        return texts;
    }

    /**
     * Opens a string column by its dotted path, for example {@code text} or {@code document.body}; lists by the path of the list or of its elements.
     *
     * @throws DataException if the file cannot be read, is truncated or no parquet file, or has no such column
     */
    public static ParquetTexts open(Path file, String columnPath) {
        ParquetFileReader reader = openFile(file);
        try {
            MessageType whole = reader.getFooter().getFileMetaData().getSchema();
            ColumnDescriptor column = stringColumn(file, whole, columnPath);
            MessageType projection =
                    new MessageType(whole.getName(), project(whole.asGroupType(), column.getPath(), 0));
            reader.setRequestedSchema(projection);
            return new ParquetTexts(file, projection.getColumnDescription(column.getPath()), projection, reader);
        } catch (RuntimeException e) {
            closeQuietly(reader, e);
            throw e;
        }
    }

    /** Returns the number of rows of every row group, from the footer. */
    public List<Long> rowGroupRows() {
        return rowGroupRows;
    }

    /** Returns the number of rows of the whole file, from the footer. */
    public long rows() {
        return rowGroupRows.stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Texts of one row group, in order.
     *
     * @throws DataException if the data are damaged, a text is missing (null) or not valid UTF-8
     */
    public List<String> rowGroup(int index) {
        List<@Nullable String> texts = rowGroupWithNulls(index);
        var present = new ArrayList<String>(texts.size());
        for (int row = 0; row < texts.size(); row++) {
            String text = texts.get(row);
            if (text == null) {
                throw new DataException(
                        "a text is missing (null)",
                        at(index, row),
                        "rebuild the shards with `nanochat data import`, which leaves such rows out");
            }
            present.add(text);
        }
        return present;
    }

    /**
     * Texts of one row group, in order, with null where a row has none. Of a list every element is a text, and an empty or missing list is one null.
     *
     * @throws DataException if the data are damaged or a text is not valid UTF-8
     */
    public List<@Nullable String> rowGroupWithNulls(int index) {
        try (PageReadStore pages = reader.readRowGroup(index)) {
            var store = new ColumnReadStoreImpl(pages, new Unused(schema), schema, null);
            ColumnReader values = store.getColumnReader(column);
            long count = pages.getPageReader(column).getTotalValueCount();
            var texts = new ArrayList<@Nullable String>(Math.toIntExact(count));
            int row = -1;
            for (long i = 0; i < count; i++) {
                row += values.getCurrentRepetitionLevel() == 0 ? 1 : 0;
                boolean present = values.getCurrentDefinitionLevel() == column.getMaxDefinitionLevel();
                texts.add(present ? decode(values.getBinary().getBytes(), index, row) : null);
                values.consume();
            }
            return texts;
        } catch (DataException e) {
            throw e;
        } catch (UnsupportedOperationException e) {
            throw new DataException(reason(e), file.toString(), "write the file again with zstd compression", e);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            // damaged lengths ask for any amount of memory
            throw damaged(file, "row group " + index + " cannot be read: " + reason(e), e);
        }
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException e) {
            throw damaged(file, "cannot be closed: " + reason(e), e);
        }
    }

    private String decode(byte[] bytes, int rowGroup, int row) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        int error = Utf8.firstError(bytes, 0, bytes.length, text);
        if (error != Utf8.VALID) {
            throw new DataException(
                    "a text is not valid UTF-8",
                    at(rowGroup, row) + ", byte " + error + " of the text",
                    "repair the file, or remove it from the folder");
        }
        return text;
    }

    private String at(int rowGroup, int row) {
        return file + ", row group " + rowGroup + ", row " + row;
    }

    private static ParquetFileReader openFile(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new DataException("no such file", file.toString(), "check the path");
        }
        var options = ParquetReadOptions.builder(new PlainParquetConfiguration())
                .withCodecFactory(new Codecs())
                .build();
        try {
            return ParquetFileReader.open(new LocalInputFile(file), options);
        } catch (IOException | RuntimeException e) {
            throw damaged(file, "not a readable parquet file: " + reason(e), e);
        }
    }

    private static DataException damaged(Path file, String what, Throwable cause) {
        return new DataException(
                what,
                file.toString(),
                "the file is truncated or damaged: fetch or build it again, or remove it",
                cause);
    }

    private static String reason(Throwable e) {
        String message = e.getMessage();
        String first = message == null
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
        Throwable cause = e.getCause();
        return cause == null ? first : first + ": " + reason(cause);
    }

    private static ColumnDescriptor stringColumn(Path file, MessageType schema, String path) {
        List<String> usable = new ArrayList<>();
        for (ColumnDescriptor candidate : schema.getColumns()) {
            String name = String.join(".", candidate.getPath());
            boolean isString = candidate.getPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY;
            if (isString
                    && (name.equals(path) || LIST.matcher(name).replaceFirst("").equals(path))) {
                return candidate;
            }
            usable.add(name + kind(candidate));
        }
        throw new DataException(
                "no text column \"" + path + "\"",
                file + ", columns: " + String.join(", ", usable),
                "choose a string column with `nanochat data import --column NAME`");
    }

    private static String kind(ColumnDescriptor column) {
        PrimitiveTypeName type = column.getPrimitiveType().getPrimitiveTypeName();
        String values = type == PrimitiveTypeName.BINARY ? "" : type.name().toLowerCase(Locale.ROOT);
        String kind = column.getMaxRepetitionLevel() == 0 ? values : ("list " + values).strip();
        return kind.isEmpty() ? "" : " (" + kind + ")";
    }

    /** The part of the schema that leads to one column, so that only its pages are read. */
    private static List<Type> project(GroupType group, String[] path, int depth) {
        Type field = group.getType(path[depth]);
        return List.of(
                field.isPrimitive()
                        ? field
                        : field.asGroupType().withNewFields(project(field.asGroupType(), path, depth + 1)));
    }

    private static void closeQuietly(ParquetFileReader reader, RuntimeException failure) {
        try {
            reader.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Converters that the column reader demands and that we never let it call: values are read from the column directly. */
    private static final class Unused extends GroupConverter {

        private static final PrimitiveConverter LEAF = new PrimitiveConverter() {};

        private final GroupType type;

        Unused(GroupType type) {
            this.type = type;
        }

        @Override
        public Converter getConverter(int field) {
            Type child = type.getType(field);
            return child.isPrimitive() ? LEAF : new Unused(child.asGroupType());
        }

        @Override
        public void start() {
            throw new AssertionError("no records are assembled");
        }

        @Override
        public void end() {
            throw new AssertionError("no records are assembled");
        }
    }
}
