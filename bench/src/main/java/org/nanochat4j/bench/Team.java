package org.nanochat4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/** Threads that work side by side on parts of the same size: what the machine can do is asked without the engine's own pool. */
final class Team implements AutoCloseable {
    private final ExecutorService pool;
    private final int threads;

    Team(int threads) {
        this.threads = threads;
        this.pool = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().factory());
    }

    /** The shortest of several rounds in seconds, after rounds that do not count. */
    double best(int warmUp, int rounds, IntConsumer part) {
        double best = Double.POSITIVE_INFINITY;
        for (int round = -warmUp; round < rounds; round++) {
            long start = System.nanoTime();
            run(part);
            best = round < 0 ? best : Math.min(best, Effort.since(start));
        }
        return best;
    }

    private void run(IntConsumer part) {
        List<Callable<Boolean>> parts = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int index = i;
            parts.add(() -> {
                part.accept(index);
                return true;
            });
        }
        try {
            for (Future<Boolean> done : pool.invokeAll(parts)) {
                done.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("measuring was interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("measuring failed", e.getCause());
        }
    }

    @Override
    public void close() {
        pool.shutdownNow();
    }
}
