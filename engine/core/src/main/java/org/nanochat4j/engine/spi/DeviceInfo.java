package org.nanochat4j.engine.spi;

import java.util.List;

/**
 * What a backend runs on.
 *
 * @param name of the device
 * @param memoryBytes memory it may use
 * @param threads parallel workers, 0 where the word has no meaning
 * @param path the kernel path chosen for this device, for example the vector width: all of it that the bytes of a result may depend on, and
 *     nothing else
 * @param features what else it has or lacks that matters for kernels, for people to read
 */
public record DeviceInfo(String name, long memoryBytes, int threads, String path, List<String> features) {
    /** Keeps the order. */
    public DeviceInfo {
        features = List.copyOf(features);
    }
}
