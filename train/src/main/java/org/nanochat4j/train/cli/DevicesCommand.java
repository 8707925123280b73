package org.nanochat4j.train.cli;

import java.util.List;
import java.util.Locale;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.Backends;
import org.nanochat4j.engine.spi.DeviceInfo;
import org.nanochat4j.train.pretrain.CopyRate;
import org.nanochat4j.train.pretrain.PeakFlops;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code nanochat devices}: what programs could run on, and how fast that is. */
@Command(
        name = "devices",
        description =
                "Show what the backends see: devices, memory, what kernels can use; measure matrix products (F32) and copies on the device that would be used.",
        footer = {
            "",
            "cpu is always there. tornado needs an installed TornadoVM: docs/tornado.md tells how to get one.",
            "Environment: TORNADOVM_HOME names the SDK; NANOCHAT_TORNADO_DRIVER=cuda|opencl chooses its driver."
        })
final class DevicesCommand extends Verb {

    @Option(names = "--no-measure", description = "Only list them, measure nothing.")
    private boolean noMeasure;

    private final ObjectNode result = JsonMapper.shared().createObjectNode();

    DevicesCommand(Console console) {
        super(console);
    }

    @Override
    protected void run() {
        result.putArray("devices");
        result.putArray("unavailable");
        Backends.names().forEach(this::show);
        result(result);
    }

    private void show(String backend) {
        List<DeviceInfo> devices;
        try {
            devices = Backends.devices(backend);
        } catch (EngineException.NoBackend e) {
            String reason = String.valueOf(e.getMessage());
            say(backend + ": not available: " + reason);
            result.withArray("unavailable").addObject().put("backend", backend).put("reason", reason);
            return;
        }
        for (int i = 0; i < devices.size(); i++) {
            DeviceInfo device = devices.get(i);
            say(backend + ": " + device.name()
                    + (i == 0 ? "" : " (not used: programs run on a backend's first device)"));
            say("  memory    " + MemoryPlan.human(device.memoryBytes()));
            say("  path      " + device.path()
                    + (device.threads() > 0 ? ", " + Texts.plural(device.threads(), "thread") : ""));
            device.features().forEach(feature -> say("            " + feature));
            ObjectNode node = result.withArray("devices").addObject();
            node.put("backend", backend).put("name", device.name()).put("used", i == 0);
            node.put("memory", device.memoryBytes()).put("path", device.path()).put("threads", device.threads());
            device.features().forEach(node.putArray("features")::add);
            if (i == 0 && !noMeasure) {
                measure(backend, node);
            }
        }
    }

    /** On a device whose kernels are compiled at run time, those that are measured pass the self-check first. */
    private void measure(String backend, ObjectNode node) {
        try (Engine engine =
                Engine.open(backend, new BackendOptions(0, true, true, false, new ProgressLine(console())::report))) {
            double flops = PeakFlops.measure(engine, DType.F32);
            double copied = CopyRate.measure(engine);
            say(String.format(
                    Locale.ROOT,
                    "  measured  %,.1f GFLOP/s (%s), %,.1f GB/s (%s)",
                    flops / 1e9,
                    PeakFlops.measured(DType.F32),
                    copied / 1e9,
                    CopyRate.MEASURED));
            node.put("gemm_gflops", Math.rint(flops / 1e8) / 10);
            node.put("copy_gb_per_second", Math.rint(copied / 1e8) / 10);
        }
    }
}
