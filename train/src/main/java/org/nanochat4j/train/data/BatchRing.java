package org.nanochat4j.train.data;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Finished batches between one writing and one reading thread, in a ring of reused slots.
 *
 * <p>A queue of the class library allocates wait nodes on the thread that waits; the training thread must not allocate at all, so
 * this hand-over is two counters and {@link LockSupport}. Each side announces itself before it looks once more and parks; the other
 * side moves its counter before it looks for a waiter: no wake-up is lost.
 */
final class BatchRing {

    /** One batch and the state after it. */
    static final class Slot {
        final int[] inputs;
        final int[] targets;
        int[] addresses = new int[0];
        int documents;

        @Nullable
        StreamPosition position;

        @Nullable
        StreamCursor next;

        Slot(int tokens) {
            inputs = new int[tokens];
            targets = new int[tokens];
        }
    }

    private final Slot[] slots;
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong released = new AtomicLong();
    private volatile @Nullable Thread waitingWriter;
    private volatile @Nullable Thread waitingReader;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;
    private long waitNanos;

    BatchRing(int slots, int tokens) {
        this.slots = new Slot[slots];
        for (int i = 0; i < slots; i++) {
            this.slots[i] = new Slot(tokens);
        }
    }

    /** Writer: a free slot, waiting for one; null once the ring is closed. */
    @Nullable
    Slot toWrite() {
        while (isFull() && !closed) {
            waitingWriter = Thread.currentThread();
            if (isFull() && !closed) {
                LockSupport.park(this);
            }
            waitingWriter = null;
        }
        return closed ? null : slot(written.get());
    }

    /** Writer: hands over the slot of the last {@link #toWrite}. */
    void publish() {
        written.set(written.get() + 1);
        LockSupport.unpark(waitingReader);
    }

    /** Writer: no more batches; the reader gets those published and then this failure. */
    void fail(Throwable cause) {
        failure = cause;
        LockSupport.unpark(waitingReader);
    }

    /** Reader: the next published slot, waiting for it; null if the writer failed. It stays valid until {@link #release}. */
    @Nullable
    Slot toRead() {
        if (isEmpty() && failure == null) {
            long begin = System.nanoTime();
            awaitBatch();
            waitNanos += System.nanoTime() - begin;
        }
        return isEmpty() ? null : slot(released.get());
    }

    /** Reader: gives the slot of the last {@link #toRead} back. */
    void release() {
        released.set(released.get() + 1);
        LockSupport.unpark(waitingWriter);
    }

    /** Reader: ends the writer. */
    void close() {
        closed = true;
        LockSupport.unpark(waitingWriter);
    }

    /** What the writer died of, or null. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Nanoseconds the reader has waited for batches. */
    long waitNanos() {
        return waitNanos;
    }

    private void awaitBatch() {
        boolean interrupted = false;
        while (isEmpty() && failure == null) {
            waitingReader = Thread.currentThread();
            if (isEmpty() && failure == null) {
                LockSupport.park(this);
            }
            waitingReader = null;
            // an interrupted thread would not park again
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isFull() {
        return written.get() - released.get() == slots.length;
    }

    private boolean isEmpty() {
        return written.get() == released.get();
    }

    private Slot slot(long sequence) {
        return slots[(int) (sequence % slots.length)];
    }
}
