package org.nanochat4j.train.data;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Batches for language-model training: documents, each led by BOS, packed into rows of T + 1 tokens by best fit, so that every row
 * begins with a document and none holds padding.
 *
 * <p>A row is filled with the longest waiting document that fits, again and again; when none fits, the shortest is cut to fill it
 * and its tail is dropped. Inputs are the first T tokens of a row, targets the last T.
 *
 * <p>Reading, tokenizing and packing run ahead on a thread of the loader's own; the batches do not depend on its timing. The
 * methods are for one thread, which after the first batches allocates nothing in {@link #next}.
 */
public final class BestFitLoader implements AutoCloseable {

    private final LoaderOptions options;
    private final LoaderState origin;
    private final BatchRing ring;
    private final Thread thread;
    private BatchRing.@Nullable Slot current;

    private BestFitLoader(List<Shard> shards, DocumentEncoder encoder, LoaderOptions options, LoaderState origin) {
        this.options = options;
        this.origin = origin;
        // one slot more: the reader keeps the last batch's slot, for its state
        this.ring = new BatchRing(options.readAhead() + 1, options.tokens());
        DocumentStream stream = DocumentStream.at(origin.next(), shards, options);
        var packer = new BestFitPacker(stream, encoder, options.buffer(), origin);
        this.thread = Thread.ofPlatform().daemon().name("loader").start(() -> prepare(packer));
    }

    /**
     * A loader from the beginning of the split.
     *
     * @throws DataException if the split has no shards or no row group for this process
     */
    public static BestFitLoader start(Shards shards, Split split, DocumentEncoder encoder, LoaderOptions options) {
        return new BestFitLoader(
                shards.of(split), encoder, options, origin(DocumentStream.beginning(options), options));
    }

    /**
     * A loader that continues as the reference does: after the row group of the recorded position, with an empty buffer.
     *
     * @throws DataException if the position is outside the split
     */
    public static BestFitLoader resume(
            Shards shards, Split split, DocumentEncoder encoder, LoaderOptions options, StreamPosition position) {
        return new BestFitLoader(
                shards.of(split), encoder, options, origin(DocumentStream.after(position, options), options));
    }

    /**
     * A loader that continues exactly: its batches are those that the loader which recorded the state would have given next.
     *
     * @throws DataException if the state belongs to another rank or world size, or points outside the split
     */
    public static BestFitLoader restore(
            Shards shards, Split split, DocumentEncoder encoder, LoaderOptions options, LoaderState state) {
        if (state.rank() != options.rank() || state.worldSize() != options.worldSize()) {
            throw new DataException(
                    "the data state was recorded by another process layout",
                    "rank " + state.rank() + " of " + state.worldSize() + ", now rank " + options.rank() + " of "
                            + options.worldSize(),
                    "resume with the same number of processes, or from the approximate position");
        }
        List<Shard> split0 = shards.of(split);
        for (DocumentId id : state.buffer()) {
            if (id.shard() < 0
                    || id.shard() >= split0.size()
                    || id.rowGroup() < 0
                    || id.rowGroup() >= split0.get(id.shard()).rowGroups()) {
                throw new DataException(
                        "a recorded document is outside the dataset",
                        id + ", " + split0.size() + " shards in this split",
                        "resume with the shards the run was started with");
            }
        }
        return new BestFitLoader(split0, encoder, options, state);
    }

    /**
     * Writes the next batch into the caller's arrays.
     *
     * @param inputs (B, T) row-major, B · T long
     * @param targets (B, T) row-major, B · T long
     * @throws DataException if the data could not be read
     */
    public void next(int[] inputs, int[] targets) {
        Objects.checkFromIndexSize(0, options.tokens(), inputs.length);
        Objects.checkFromIndexSize(0, options.tokens(), targets.length);
        if (current != null) {
            current = null;
            ring.release();
        }
        BatchRing.Slot slot = ring.toRead();
        if (slot == null) {
            throw failed();
        }
        current = slot;
        System.arraycopy(slot.inputs, 0, inputs, 0, slot.inputs.length);
        System.arraycopy(slot.targets, 0, targets, 0, slot.targets.length);
    }

    /** The exact state after the last batch; before the first one, the state the loader began with. */
    public LoaderState state() {
        BatchRing.Slot slot = current;
        if (slot == null || slot.position == null || slot.next == null) {
            return origin;
        }
        return new LoaderState(
                slot.position,
                slot.next,
                options.rank(),
                options.worldSize(),
                BestFitBuffer.addresses(slot.addresses, slot.documents));
    }

    /** The reference's state after the last batch: the row group pulled last, which is ahead of what was consumed. */
    public StreamPosition position() {
        BatchRing.Slot slot = current;
        return slot == null || slot.position == null ? origin.position() : slot.position;
    }

    /** Nanoseconds the caller has spent waiting in {@link #next} for batches that were not ready. */
    public long waitNanos() {
        return ring.waitNanos();
    }

    /** Settings of this loader. */
    public LoaderOptions options() {
        return options;
    }

    /** Ends the loader's thread and closes its files. */
    @Override
    public void close() {
        ring.close();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static LoaderState origin(StreamCursor cursor, LoaderOptions options) {
        var position = new StreamPosition(cursor.shard(), cursor.rowGroup(), cursor.epoch());
        return new LoaderState(position, cursor, options.rank(), options.worldSize(), List.of());
    }

    private RuntimeException failed() {
        Throwable cause = ring.failure();
        if (cause instanceof DataException e) {
            return new DataException(e.what(), e.where(), e.remedy(), e);
        }
        return new IllegalStateException("the loader's thread failed", cause);
    }

    /** The loader's thread: one batch after the other into free slots. */
    private void prepare(BestFitPacker packer) {
        try (packer) {
            packer.rebuild(origin.buffer());
            int[] row = new int[options.sequence() + 1];
            for (var slot = ring.toWrite(); slot != null; slot = ring.toWrite()) {
                batch(packer, row, slot);
                ring.publish();
            }
        } catch (Throwable e) {
            // whatever it was, the caller of next() must learn of it
            ring.fail(e);
        }
    }

    private void batch(BestFitPacker packer, int[] row, BatchRing.Slot slot) {
        int sequence = options.sequence();
        for (int r = 0; r < options.rows(); r++) {
            packer.fill(row);
            System.arraycopy(row, 0, slot.inputs, r * sequence, sequence);
            System.arraycopy(row, 1, slot.targets, r * sequence, sequence);
        }
        slot.addresses = packer.buffer().copyAddresses(slot.addresses);
        slot.documents = packer.buffer().size();
        slot.position = packer.position();
        slot.next = packer.next();
    }
}
