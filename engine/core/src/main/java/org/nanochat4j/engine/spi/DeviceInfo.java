package org.nanochat4j.engine.spi;

/**
 * What a backend runs on.
 *
 * @param name of the device
 * @param memoryBytes memory it may use
 * @param threads parallel workers, 0 where the word has no meaning
 * @param path the kernel path chosen for this device, for example the vector width
 */
public record DeviceInfo(String name, long memoryBytes, int threads, String path) {}
