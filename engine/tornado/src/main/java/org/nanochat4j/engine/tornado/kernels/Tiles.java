package org.nanochat4j.engine.tornado.kernels;

/** Rounding of sizes to tiles, on the host. */
final class Tiles {
    private Tiles() {}

    /** How many tiles cover a size. */
    static int count(int size, int tile) {
        return (size + tile - 1) / tile;
    }

    /** The size rounded up to whole tiles. */
    static long up(long size, int tile) {
        return (size + tile - 1) / tile * tile;
    }
}
