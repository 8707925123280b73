package org.nanochat4j.train.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The endless sequence of documents one process sees: files in order, inside a file every {@code worldSize}-th row group from
 * {@code rank}, inside a row group chunks of consecutive documents; then the next epoch. Not thread-safe.
 */
final class DocumentStream implements AutoCloseable {

    /**
     * Consecutive documents of one row group.
     *
     * @param texts the documents
     * @param first address of the first one
     * @param position the reference's state once this chunk is pulled
     * @param next where the stream continues after it
     */
    record Chunk(List<String> texts, DocumentId first, StreamPosition position, StreamCursor next) {}

    private final List<Shard> shards;
    private final int rank;
    private final int worldSize;
    private final int chunk;
    private final RowGroups rowGroups;
    private StreamCursor cursor;

    private DocumentStream(List<Shard> shards, LoaderOptions options, StreamCursor cursor) {
        this.shards = shards;
        this.rank = options.rank();
        this.worldSize = options.worldSize();
        this.chunk = options.chunk();
        this.rowGroups = new RowGroups(shards);
        this.cursor = cursor;
        requireDocuments();
    }

    /** A stream from its beginning. */
    static DocumentStream start(List<Shard> shards, LoaderOptions options) {
        return new DocumentStream(shards, options, beginning(options));
    }

    /** Where a stream begins: the first row group of this rank in the first file, epoch 1. */
    static StreamCursor beginning(LoaderOptions options) {
        return new StreamCursor(0, options.rank(), 0, 1);
    }

    /**
     * Where the reference continues from a recorded position: this rank's next row group after it. A row group beyond the
     * end of its file means the next file, which {@link #next()} sorts out.
     */
    static StreamCursor after(StreamPosition position, LoaderOptions options) {
        int next = (position.rowGroup() / options.worldSize() + 1) * options.worldSize() + options.rank();
        return new StreamCursor(position.shard(), next, 0, position.epoch());
    }

    /**
     * A stream from an exact place.
     *
     * @throws DataException if the place is not in these shards
     */
    static DocumentStream at(StreamCursor cursor, List<Shard> shards, LoaderOptions options) {
        if (cursor.shard() < 0 || cursor.shard() >= shards.size() || cursor.rowGroup() < 0 || cursor.document() < 0) {
            throw new DataException(
                    "the recorded data position is outside the dataset",
                    cursor + ", " + shards.size() + " shards in this split",
                    "resume with the shards the run was started with");
        }
        return new DocumentStream(shards, options, cursor);
    }

    /**
     * The next documents, at most a chunk, never across the end of a row group.
     *
     * @throws DataException if a shard cannot be read
     */
    Chunk next() {
        settle();
        List<String> group = rowGroups.texts(cursor.shard(), cursor.rowGroup());
        int from = cursor.document();
        int to = Math.min(from + chunk, group.size());
        var first = new DocumentId(cursor.shard(), cursor.rowGroup(), from);
        var position = new StreamPosition(cursor.shard(), cursor.rowGroup(), cursor.epoch());
        cursor = new StreamCursor(cursor.shard(), cursor.rowGroup(), to, cursor.epoch());
        return new Chunk(group.subList(from, to), first, position, cursor);
    }

    /** The text of one document, for rebuilding a buffer; cheap when asked for in the order of the shards. */
    String text(DocumentId id) {
        List<String> group = rowGroups.texts(id.shard(), id.rowGroup());
        if (id.document() >= group.size()) {
            throw new DataException(
                    "a recorded document is outside the dataset",
                    id + " in " + shards.get(id.shard()).file(),
                    "resume with the shards the run was started with");
        }
        return group.get(id.document());
    }

    @Override
    public void close() {
        rowGroups.close();
    }

    /** Moves the cursor over used-up row groups, files and epochs to a place that has a document. */
    private void settle() {
        while (true) {
            if (cursor.shard() == shards.size()) {
                cursor = new StreamCursor(0, rank, 0, cursor.epoch() + 1);
                continue;
            }
            Shard shard = shards.get(cursor.shard());
            if (cursor.rowGroup() >= shard.rowGroups()) {
                cursor = new StreamCursor(cursor.shard() + 1, rank, 0, cursor.epoch());
            } else if (cursor.document() >= shard.rowGroupRows().get(cursor.rowGroup())) {
                cursor = new StreamCursor(cursor.shard(), cursor.rowGroup() + worldSize, 0, cursor.epoch());
            } else {
                return;
            }
        }
    }

    /** Without this check a rank beyond the number of row groups would search for ever. */
    private void requireDocuments() {
        for (Shard shard : shards) {
            for (int group = rank; group < shard.rowGroups(); group += worldSize) {
                if (shard.rowGroupRows().get(group) > 0) {
                    return;
                }
            }
        }
        throw new DataException(
                "no row group for process " + rank + " of " + worldSize,
                shards.size() + " shards, first " + shards.getFirst().file(),
                "use fewer processes or shards with more row groups");
    }

    /** The row group read last, decoded, and the file it came from, still open. */
    private static final class RowGroups implements AutoCloseable {

        private final List<Shard> shards;
        private @Nullable ParquetTexts file;
        private int shard = -1;
        private int rowGroup = -1;
        private List<String> texts = List.of();

        RowGroups(List<Shard> shards) {
            this.shards = shards;
        }

        List<String> texts(int wantedShard, int wantedRowGroup) {
            if (wantedShard != shard || wantedRowGroup != rowGroup) {
                texts = open(wantedShard).rowGroup(wantedRowGroup);
                rowGroup = wantedRowGroup;
            }
            return texts;
        }

        private ParquetTexts open(int wantedShard) {
            ParquetTexts open = file;
            if (open == null || wantedShard != shard) {
                close();
                open = ParquetTexts.open(shards.get(wantedShard).file());
                file = open;
                shard = wantedShard;
            }
            return open;
        }

        @Override
        public void close() {
            if (file != null) {
                file.close();
                file = null;
            }
            shard = -1;
            rowGroup = -1;
        }
    }
}
