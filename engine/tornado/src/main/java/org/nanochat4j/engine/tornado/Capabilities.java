package org.nanochat4j.engine.tornado;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.spi.DeviceInfo;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;

/**
 * What a device can do, as far as kernels depend on it.
 *
 * @param device its name
 * @param driver TornadoVM's backend for it: OPENCL, CUDA, ...
 * @param processor whether it is a processor, whose items run one after another on few cores
 * @param memoryBytes memory that TornadoVM may use of it
 * @param arrayBytes size of the largest array
 * @param localBytes local memory of a work-group
 * @param groupItems items of the largest work-group
 * @param bf16 how kernels convert BF16
 * @param floatAtomics whether floats are added atomically
 * @param tensorCores whether kernels can multiply BF16 fragments by tensor cores
 * @param library whether matrix products go to the vendor's
 * @param graphs whether launches are replayed by CUDA graphs
 */
record Capabilities(
        String device,
        String driver,
        boolean processor,
        long memoryBytes,
        long arrayBytes,
        long localBytes,
        long groupItems,
        Bf16Access bf16,
        FloatAtomics floatAtomics,
        boolean tensorCores,
        VendorLibrary library,
        CudaGraphs graphs) {
    /** Kernels index arrays with 32 bits and step beyond the end by less than this. */
    private static final long MOST_ARRAY_BYTES = 4L << 30;

    /** Arrays have a header, and sizes are rounded. */
    private static final long PAGE = 4096;

    private static final Pattern COMPUTE_CAPABILITY = Pattern.compile("Device version\\s*: CUDA (\\d+)\\.");

    private static final Pattern SIZE = Pattern.compile("(\\d{1,12})(GB|MB|KB|)");

    /** What TornadoVM uses of a device unless told otherwise. */
    private static final String DEFAULT_MEMORY = "4GB";

    static Capabilities of(TornadoDevice device, FloatAtomics floatAtomics, VendorLibrary library, CudaGraphs graphs) {
        String driver = device.getTornadoVMBackend().name();
        long memory = Math.min(device.getMaxGlobalMemory(), allowedBytes());
        long array = Math.min(Math.min(device.getMaxAllocMemory(), memory), MOST_ARRAY_BYTES);
        return new Capabilities(
                device.getPhysicalDevice().getDeviceName().strip(),
                driver,
                device.getDeviceType() == TornadoDeviceType.CPU,
                memory,
                (array - PAGE) / PAGE * PAGE,
                device.getDeviceLocalMemorySize(),
                Arrays.stream(device.getPhysicalDevice().getDeviceMaxWorkGroupSize())
                        .max()
                        .orElse(1),
                Bf16Access.of(driver),
                floatAtomics,
                hasTensorCores(String.valueOf(device.getPhysicalDevice().getDeviceInfo())),
                library,
                graphs);
    }

    /** TornadoVM multiplies by tensor cores from compute capability 8.0 on, which its CUDA driver names as the device's version. */
    static boolean hasTensorCores(String description) {
        Matcher version = COMPUTE_CAPABILITY.matcher(description);
        return version.find() && Integer.parseInt(version.group(1)) >= 8;
    }

    DeviceInfo info() {
        return new DeviceInfo(
                device,
                memoryBytes,
                0,
                "TornadoVM, " + driver + (bf16 == Bf16Access.NONE ? ", F32" : ", F32 and BF16"),
                features());
    }

    private List<String> features() {
        return List.of(
                processor ? "processor: kernels in panels of one item" : "kernels in work-groups with local memory",
                "arrays up to " + MemoryPlan.human(arrayBytes),
                "work-groups of " + groupItems + " items, " + MemoryPlan.human(localBytes) + " of local memory",
                bf16.description(),
                floatAtomics.description(),
                tensorCores ? "tensor cores for BF16" : "no tensor cores",
                library.description(),
                graphs.description());
    }

    /**
     * How much of a device TornadoVM may take.
     *
     * @throws EngineException.NoBackend if its option is no size
     */
    static long allowedBytes() {
        return size(System.getProperty("tornado.device.memory", DEFAULT_MEMORY));
    }

    /** A size as TornadoVM reads it: a number, alone or with GB, MB or KB behind it. (It takes 100B for 10.) */
    static long size(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            throw new EngineException.NoBackend("no size of memory: " + text
                    + " (of -Dtornado.device.memory, which is NANOCHAT_DEVICE_MEMORY where ./nanochat starts it)"
                    + "\n  remedy: a whole number with GB or MB, for example 8GB");
        }
        long number = Long.parseLong(size.group(1));
        return switch (size.group(2)) {
            case "GB" -> number << 30;
            case "MB" -> number << 20;
            case "KB" -> number << 10;
            default -> number;
        };
    }
}
