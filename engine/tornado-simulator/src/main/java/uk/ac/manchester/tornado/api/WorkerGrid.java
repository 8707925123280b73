package uk.ac.manchester.tornado.api;

/** How many work-items a kernel is launched with, and in groups of how many. */
public interface WorkerGrid {
    /** {@return dimensions, 1 to 3} */
    int dimension();

    /** {@return work-items along x, y and z} */
    long[] getGlobalWork();

    /** {@return work-items of a group along x, y and z; null if the driver chooses} */
    long[] getLocalWork();

    /** {@return groups along x, y and z; null if the driver chooses} */
    long[] getNumberOfWorkgroups();

    /** {@return what is added to the global ids} */
    long[] getGlobalOffset();

    /** Sets the work-items. */
    void setGlobalWork(long x, long y, long z);

    /** Sets the group size. */
    void setLocalWork(long x, long y, long z);

    /** Leaves the number of groups to the driver. */
    void setNumberOfWorkgroupsToNull();

    /** Leaves the group size to the driver. */
    void setLocalWorkToNull();

    /** Sets what is added to the global ids. */
    void setGlobalOffset(long x, long y, long z);
}
