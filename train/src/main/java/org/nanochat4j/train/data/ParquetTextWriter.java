package org.nanochat4j.train.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/**
 * Writes nanochat's shard format: one string column {@code text}, row groups of 1,024 documents, zstd, no dictionary, no
 * statistics. The same texts give the same bytes.
 *
 * <p>The file appears under its name only when it is complete and on disk; until then, and after a failure, it has the suffix
 * {@code .tmp}.
 */
public final class ParquetTextWriter implements AutoCloseable {

    /** Documents per row group. */
    public static final int ROW_GROUP = 1024;

    private static final MessageType SCHEMA = Types.buildMessage()
            .addField(Types.optional(PrimitiveTypeName.BINARY)
                    .as(LogicalTypeAnnotation.stringType())
                    .named(ParquetTexts.TEXT))
            .named("schema");

    private final Path file;
    private final Path temporary;
    private final ParquetWriter<String> writer;
    private boolean failed;

    private ParquetTextWriter(Path file, Path temporary, ParquetWriter<String> writer) {
        this.file = file;
        this.temporary = temporary;
        this.writer = writer;
    }

    /**
     * Starts a shard; an existing file of that name is replaced when this one is closed.
     *
     * @throws DataException if the folder cannot be written to
     */
    public static ParquetTextWriter create(Path file) {
        return create(file, ROW_GROUP);
    }

    /** As {@link #create(Path)} with another row-group size, for tests of small files. */
    static ParquetTextWriter create(Path file, int rowGroup) {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            Files.deleteIfExists(temporary);
            ParquetWriter<String> writer = new Builder(temporary)
                    .withConf(new PlainParquetConfiguration())
                    .withCodecFactory(new Codecs())
                    .withCompressionCodec(CompressionCodecName.ZSTD)
                    .withDictionaryEncoding(false)
                    .withStatisticsEnabled(false)
                    .withSizeStatisticsEnabled(false)
                    // the count alone decides where a row group ends
                    .withRowGroupSize((long) Integer.MAX_VALUE)
                    .withRowGroupRowCountLimit(rowGroup)
                    .build();
            return new ParquetTextWriter(file, temporary, writer);
        } catch (IOException e) {
            throw cannotWrite(file, e);
        }
    }

    /**
     * Writes a whole shard.
     *
     * @throws DataException if it cannot be written; a file that was there before is then unchanged
     */
    public static void write(Path file, List<String> texts) {
        try (ParquetTextWriter writer = create(file)) {
            for (String text : texts) {
                writer.add(text);
            }
        }
    }

    /**
     * Appends one document.
     *
     * @throws DataException if it cannot be written
     */
    public void add(String text) {
        try {
            writer.write(text);
        } catch (IOException | RuntimeException e) {
            failed = true;
            throw cannotWrite(file, e);
        }
    }

    /**
     * Completes the file: footer, fsync, rename. After a failed {@link #add} the unfinished file is removed instead.
     *
     * @throws DataException if it cannot be completed
     */
    @Override
    public void close() {
        try {
            writer.close();
            if (failed) {
                Files.deleteIfExists(temporary);
            } else {
                Durable.moveIntoPlace(temporary, file);
            }
        } catch (IOException | RuntimeException e) {
            throw cannotWrite(file, e);
        }
    }

    private static DataException cannotWrite(Path file, Exception e) {
        return new DataException(
                "a shard cannot be written: " + e.getMessage(),
                file.toString(),
                "check free space and permissions of the folder",
                e);
    }

    private static final class Builder extends ParquetWriter.Builder<String, Builder> {

        Builder(Path file) {
            super(new LocalOutputFile(file));
        }

        @Override
        protected Builder self() {
            return this;
        }

        @Override
        @SuppressWarnings("deprecation") // abstract in the base class, so it must be here; it is not called
        protected WriteSupport<String> getWriteSupport(Configuration conf) {
            return new TextColumn();
        }

        @Override
        protected WriteSupport<String> getWriteSupport(ParquetConfiguration conf) {
            return new TextColumn();
        }
    }

    private static final class TextColumn extends WriteSupport<String> {

        private @Nullable RecordConsumer consumer;

        @Override
        @SuppressWarnings("deprecation") // abstract in the base class, so it must be here; it is not called
        public WriteContext init(Configuration conf) {
            return new WriteContext(SCHEMA, Map.of());
        }

        @Override
        public WriteContext init(ParquetConfiguration conf) {
            return new WriteContext(SCHEMA, Map.of());
        }

        @Override
        public void prepareForWrite(RecordConsumer recordConsumer) {
            consumer = recordConsumer;
        }

        @Override
        public void write(String text) {
            RecordConsumer to = Objects.requireNonNull(consumer, "prepareForWrite comes first");
            to.startMessage();
            to.startField(ParquetTexts.TEXT, 0);
            to.addBinary(Binary.fromString(text));
            to.endField(ParquetTexts.TEXT, 0);
            to.endMessage();
        }
    }
}
