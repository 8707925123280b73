package org.nanochat4j.train.cli;

import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/**
 * Turns SIGINT and SIGTERM into a wish to stop: the virtual machine, which ends with exit code 130 or 143, waits until this is closed.
 */
final class StopSignal implements BooleanSupplier, AutoCloseable {

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean wanted;

    StopSignal(Runnable announce) {
        hook = new Thread(
                () -> {
                    wanted = true;
                    announce.run();
                    await();
                },
                "stop signal");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Whether the process was asked to stop. */
    @Override
    public boolean getAsBoolean() {
        return wanted;
    }

    private void await() {
        try {
            done.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // the process is ending already, and the hook is running
        }
    }
}
