package org.nanochat4j.engine.tornado;

/** What a backend has asked of its device so far: how a test shows that replaying a step compiles nothing and uploads only its inputs. */
final class Counters {
    private long compiledTasks;
    private long graphRuns;
    private long uploads;
    private long uploadedElements;
    private long streamedElements;
    private long downloads;
    private long downloadedElements;

    void compiled(int tasks) {
        compiledTasks += tasks;
    }

    void ran(long streamed) {
        graphRuns++;
        streamedElements += streamed;
    }

    void uploaded(long elements) {
        uploads++;
        uploadedElements += elements;
    }

    void downloaded(long elements) {
        downloads++;
        downloadedElements += elements;
    }

    /**
     * The counts at one moment.
     *
     * @param compiledTasks kernels compiled
     * @param graphRuns task graphs executed
     * @param uploads transfers of variables to the device
     * @param uploadedElements their elements
     * @param streamedElements elements of inputs transferred along with programs
     * @param downloads transfers to the host
     * @param downloadedElements their elements
     */
    record Snapshot(
            long compiledTasks,
            long graphRuns,
            long uploads,
            long uploadedElements,
            long streamedElements,
            long downloads,
            long downloadedElements) {
        Snapshot minus(Snapshot earlier) {
            return new Snapshot(
                    compiledTasks - earlier.compiledTasks,
                    graphRuns - earlier.graphRuns,
                    uploads - earlier.uploads,
                    uploadedElements - earlier.uploadedElements,
                    streamedElements - earlier.streamedElements,
                    downloads - earlier.downloads,
                    downloadedElements - earlier.downloadedElements);
        }
    }

    Snapshot snapshot() {
        return new Snapshot(
                compiledTasks, graphRuns, uploads, uploadedElements, streamedElements, downloads, downloadedElements);
    }
}
