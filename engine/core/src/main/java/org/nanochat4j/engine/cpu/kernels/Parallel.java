package org.nanochat4j.engine.cpu.kernels;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed pool of threads that runs indexed tasks.
 *
 * <p>The caller splits its work by shape, never by the number of threads, and every index writes its own part: so results are the same bytes with
 * one thread, two, or sixteen, whoever takes which index. Indices are claimed from a shared counter. Workers spin briefly between jobs (a training
 * step is a dense sequence of them) and then park. Running a job allocates nothing.
 */
public final class Parallel implements AutoCloseable {
    /** One part of a job. */
    @FunctionalInterface
    public interface Task {
        /**
         * Runs one part.
         *
         * @param index which part, 0 to tasks - 1
         * @param worker the number of the thread, 0 to threads - 1: for scratch memory only, never for results
         */
        void run(int index, int worker);
    }

    private static final int SPINS = 20_000;
    private static final VarHandle NEXT;
    private static final VarHandle DONE;
    private static final VarHandle JOB;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            NEXT = lookup.findVarHandle(Parallel.class, "next", long.class);
            DONE = lookup.findVarHandle(Parallel.class, "done", int.class);
            JOB = lookup.findVarHandle(Parallel.class, "job", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Products products;
    private final Thread[] workers;
    private final int threads;

    /** Job number in the high half, next index in the low half: a late worker can never claim an index of a newer job by accident. */
    @SuppressWarnings("unused") // by VarHandle
    private volatile long next;

    @SuppressWarnings("unused") // by VarHandle
    private volatile int done;

    private volatile int job;
    private volatile boolean closed;
    private volatile boolean running;
    private volatile @Nullable Throwable failure;
    private volatile int tasks;
    private volatile @Nullable Task task;

    /**
     * Starts a pool that multiplies by the Vector API.
     *
     * @param threads how many threads work, the caller included; at least 1
     */
    public Parallel(int threads) {
        this(threads, Products.VECTOR);
    }

    /**
     * Starts the pool.
     *
     * @param threads how many threads work, the caller included; at least 1
     * @param products who multiplies for the kernels that run on the pool
     */
    public Parallel(int threads, Products products) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, not " + threads);
        }
        this.threads = threads;
        this.products = products;
        this.workers = new Thread[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            int worker = i + 1;
            workers[i] =
                    Thread.ofPlatform().daemon().name("nanochat-cpu-" + worker).unstarted(() -> work(worker));
        }
        for (Thread worker : workers) {
            worker.start();
        }
    }

    /** Who multiplies for the kernels that run on this pool. */
    public Products products() {
        return products;
    }

    /** Threads that work on a job, the caller included. */
    public int threads() {
        return threads;
    }

    /**
     * Runs all parts of a job and returns when the last has finished. One job at a time: call from one thread, never from a task. When parts fail the
     * others still run, and the exception of one is the cause of an {@link IllegalStateException} (with one thread it is thrown as it is).
     *
     * @param count how many parts
     * @param part what to do for one part
     */
    public void run(int count, Task part) {
        if (count <= 0) {
            return;
        }
        if (running) {
            throw new IllegalStateException(
                    "a job is running: a task must not start another job on the pool it runs on");
        }
        running = true;
        try {
            if (count == 1 || threads == 1) {
                for (int i = 0; i < count; i++) {
                    part.run(i, 0);
                }
            } else {
                share(count, part);
            }
        } finally {
            running = false;
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // yielding is no more than a hint here: the loop ends without it too
    private void share(int count, Task part) {
        int number = job + 1;
        // The new number with no index left comes first: a late worker of the last job must not pair its number with
        // the new task. All of these
        // fields are volatile for that reason: a plain write could become visible before it.
        next = ((long) number << 32) | Integer.MAX_VALUE;
        tasks = count;
        task = part;
        done = 0;
        next = (long) number << 32;
        JOB.setRelease(this, number);
        for (Thread worker : workers) {
            LockSupport.unpark(worker);
        }
        claim(number, part, count, 0);
        int spins = 0;
        while (done < count) {
            if (spins++ < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield(); // more threads than free cores: let the worker that holds the last part run
            }
        }
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            throw new IllegalStateException("a kernel failed in a worker thread", thrown);
        }
    }

    private void claim(int number, Task part, int count, int worker) {
        while (true) {
            long seen = (long) NEXT.getVolatile(this);
            int index = (int) seen;
            if ((int) (seen >>> 32) != number || index >= count) {
                return;
            }
            if (!NEXT.compareAndSet(this, seen, seen + 1)) {
                continue;
            }
            try {
                part.run(index, worker);
            } catch (Throwable t) {
                failure = t;
            } finally {
                DONE.getAndAdd(this, 1);
            }
        }
    }

    private void work(int worker) {
        int seen = 0;
        while (!closed) {
            int spins = 0;
            while (job == seen && !closed) {
                if (spins++ < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
            int number = (int) JOB.getAcquire(this);
            // Both are written before the job number; a newer job may overwrite them, and then the claim below fails on
            // the number.
            Task part = task;
            int count = tasks;
            seen = number;
            if (part != null && !closed) {
                claim(number, part, count, worker);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Thread worker : workers) {
            LockSupport.unpark(worker);
        }
    }
}
