package uk.ac.manchester.tornado.api;

import java.util.Arrays;
import org.nanochat4j.tornado.simulator.PlanRun;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** What an execution has left. */
public class TornadoExecutionResult {
    private final PlanRun run;

    TornadoExecutionResult(PlanRun run) {
        this.run = run;
    }

    /** {@return times and bytes} */
    public TornadoProfilerResult getProfilerResult() {
        return new TornadoProfilerResult();
    }

    /** Copies whole arrays to the host. */
    public TornadoExecutionResult transferToHost(Object... objects) {
        run.toHost(Arrays.stream(objects).map(TornadoNativeArray.class::cast).toList());
        return this;
    }

    /** Copies a part of an array to the host. */
    public TornadoExecutionResult transferToHost(DataRange dataRange) {
        run.toHost(dataRange);
        return this;
    }

    /** {@return true: execution waits} */
    public boolean isReady() {
        return true;
    }
}
