package org.nanochat4j.engine.tornado.kernels;

/**
 * How many work-items a kernel runs with, and in groups of which size.
 *
 * @param globalX items along x, a multiple of localX
 * @param globalY items along y, a multiple of localY
 * @param globalZ items along z, a multiple of localZ
 * @param localX items of a group along x
 * @param localY items of a group along y
 * @param localZ items of a group along z
 */
public record Launch(int globalX, int globalY, int globalZ, int localX, int localY, int localZ) {
    /** Items of a group in kernels whose items work alone. */
    static final int GROUP = 256;

    /** A launch; the sizes must fit each other. */
    public Launch {
        if (globalX < 1 || globalY < 1 || globalZ < 1 || localX < 1 || localY < 1 || localZ < 1) {
            throw new IllegalArgumentException("sizes of a launch are at least 1: " + globalX + " " + globalY + " "
                    + globalZ + " in groups of " + localX + " " + localY + " " + localZ);
        }
        if (globalX % localX != 0 || globalY % localY != 0 || globalZ % localZ != 0) {
            throw new IllegalArgumentException("whole groups only: " + globalX + " " + globalY + " " + globalZ
                    + " in groups of " + localX + " " + localY + " " + localZ);
        }
    }

    /**
     * One item for each element.
     *
     * @param elements how many
     * @return items rounded up to whole groups; kernels leave out the surplus
     */
    public static Launch elements(long elements) {
        return new Launch(Math.toIntExact(Tiles.up(elements, GROUP)), 1, 1, GROUP, 1, 1);
    }

    /**
     * One group for each part of the work.
     *
     * @param groups how many
     * @param size items of a group
     * @return the launch
     */
    static Launch groups(int groups, int size) {
        return groups(groups, 1, 1, size);
    }

    /** Groups in three dimensions, their items along x. */
    static Launch groups(int x, int y, int z, int size) {
        return new Launch(Math.multiplyExact(x, size), y, z, size, 1, 1);
    }
}
