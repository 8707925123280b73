package org.nanochat4j.train.data;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Rows of T + 1 tokens from a document stream; the part of the loader that knows nothing of threads. */
final class BestFitPacker implements AutoCloseable {

    private final DocumentStream stream;
    private final DocumentEncoder encoder;
    private final int bufferSize;
    private final BestFitBuffer buffer = new BestFitBuffer();
    private StreamPosition position;
    private StreamCursor next;

    /**
     * @param origin the state to continue from; its buffer is filled by {@link #rebuild}
     */
    BestFitPacker(DocumentStream stream, DocumentEncoder encoder, int bufferSize, LoaderState origin) {
        this.stream = stream;
        this.encoder = encoder;
        this.bufferSize = bufferSize;
        this.position = origin.position();
        this.next = origin.next();
    }

    /** Fills the empty buffer with recorded documents, in the recorded order, reading every row group once. */
    void rebuild(List<DocumentId> ids) {
        var texts = new String[ids.size()];
        IntStream.range(0, ids.size())
                .boxed()
                .sorted(Comparator.comparingInt((Integer i) -> ids.get(i).shard())
                        .thenComparingInt(i -> ids.get(i).rowGroup()))
                .forEach(i -> texts[i] = stream.text(ids.get(i)));
        int[][] documents = encode(List.of(texts));
        for (int i = 0; i < documents.length; i++) {
            DocumentId id = ids.get(i);
            buffer.add(documents[i], id.shard(), id.rowGroup(), id.document());
        }
    }

    /** Fills one row; before every placement the buffer is topped up. */
    void fill(int[] row) {
        int at = 0;
        while (at < row.length) {
            while (buffer.size() < bufferSize) {
                pull();
            }
            at += buffer.place(row, at);
        }
    }

    /** The reference's state: the row group pulled last. */
    StreamPosition position() {
        return position;
    }

    /** Where the stream continues. */
    StreamCursor next() {
        return next;
    }

    /** The documents that wait. */
    BestFitBuffer buffer() {
        return buffer;
    }

    @Override
    public void close() {
        stream.close();
    }

    private void pull() {
        DocumentStream.Chunk chunk = stream.next();
        int[][] documents = encode(chunk.texts());
        DocumentId first = chunk.first();
        for (int i = 0; i < documents.length; i++) {
            buffer.add(documents[i], first.shard(), first.rowGroup(), first.document() + i);
        }
        position = chunk.position();
        next = chunk.next();
    }

    private int[][] encode(List<String> texts) {
        int[][] documents = encoder.encodeBatch(texts);
        if (documents.length != texts.size()) {
            throw new IllegalStateException(
                    "the encoder returned " + documents.length + " documents for " + texts.size() + " texts");
        }
        for (int[] document : documents) {
            if (document.length == 0) {
                throw new IllegalStateException("the encoder returned an empty document; every one begins with BOS");
            }
        }
        return documents;
    }
}
