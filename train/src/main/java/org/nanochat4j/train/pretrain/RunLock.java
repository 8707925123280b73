package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Holds a run's folder for one process; the operating system lets go of it when the process ends, however it ends. */
public final class RunLock implements AutoCloseable {

    /** The file that is locked; it stays when the run is over, and means nothing then. */
    static final String FILE = "run.lock";

    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes the folder of a run.
     *
     * @param folder exists
     * @throws IOException if the lock's file cannot be made
     * @throws TrainingException if another process, or another run of this one, holds it
     */
    public static RunLock acquire(Path folder) throws IOException {
        FileChannel channel =
                FileChannel.open(folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = tryLock(channel);
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        if (lock == null) {
            throw new TrainingException(
                    folder + " is in use by another process, which trains there",
                    "wait until it ends or stop it, or choose another --model-tag or --out");
        }
        return new RunLock(channel);
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException _) {
            return null;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
