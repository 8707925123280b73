package org.nanochat4j.tornado.simulator;

/**
 * What the device did.
 *
 * @param compilations tasks compiled
 * @param launches tasks run one by one
 * @param uploads arrays copied to the device
 * @param uploadedBytes their bytes
 * @param downloads arrays or parts of arrays copied to the host
 * @param downloadedBytes their bytes
 * @param captures graphs captured as CUDA graphs
 * @param replays CUDA graphs launched
 */
public record Counters(
        long compilations,
        long launches,
        long uploads,
        long uploadedBytes,
        long downloads,
        long downloadedBytes,
        long captures,
        long replays) {
    /** Nothing yet. */
    public static final Counters ZERO = new Counters(0, 0, 0, 0, 0, 0, 0, 0);

    static Counters compiled(long tasks) {
        return new Counters(tasks, 0, 0, 0, 0, 0, 0, 0);
    }

    static Counters launched() {
        return new Counters(0, 1, 0, 0, 0, 0, 0, 0);
    }

    static Counters uploaded(long bytes) {
        return new Counters(0, 0, 1, bytes, 0, 0, 0, 0);
    }

    static Counters downloaded(long bytes) {
        return new Counters(0, 0, 0, 0, 1, bytes, 0, 0);
    }

    static Counters captured() {
        return new Counters(0, 0, 0, 0, 0, 0, 1, 0);
    }

    static Counters replayed() {
        return new Counters(0, 0, 0, 0, 0, 0, 0, 1);
    }

    /** {@return the sum} */
    public Counters plus(Counters other) {
        return new Counters(
                compilations + other.compilations,
                launches + other.launches,
                uploads + other.uploads,
                uploadedBytes + other.uploadedBytes,
                downloads + other.downloads,
                downloadedBytes + other.downloadedBytes,
                captures + other.captures,
                replays + other.replays);
    }

    /** {@return what was done since an earlier count} */
    public Counters since(Counters earlier) {
        return new Counters(
                compilations - earlier.compilations,
                launches - earlier.launches,
                uploads - earlier.uploads,
                uploadedBytes - earlier.uploadedBytes,
                downloads - earlier.downloads,
                downloadedBytes - earlier.downloadedBytes,
                captures - earlier.captures,
                replays - earlier.replays);
    }
}
