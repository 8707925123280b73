package org.nanochat4j.engine.tornado.kernels;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.engine.op.ArgMax;
import org.nanochat4j.engine.op.TopKSample;
import org.nanochat4j.engine.tornado.kernels.Workbench.Cell;
import uk.ac.manchester.tornado.api.common.TaskPackage;

class SamplingKernelsTest {
    @ParameterizedTest(name = "{0} rows of {1}, ties {2}")
    @CsvSource({"1,1,false", "5,300,false", "3,1000,true", "4,9,true"})
    void argMax(int rows, int columns, boolean ties) {
        Workbench bench = new Workbench(rows + columns, 1 << 13);
        Cell x = ties ? bench.ties(rows, columns) : bench.normal(rows, columns);
        Cell y = bench.ids(-7, -7, rows);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        SamplingKernels::argMax,
                        bench.context,
                        bench.floats,
                        x.at(),
                        bench.ints,
                        y.at(),
                        columns),
                SamplingKernels.launch(rows));
        bench.run();
        bench.check("argMax", 0, y, bench.reference(new ArgMax(), x).getFirst());
    }

    @ParameterizedTest(name = "{0} rows of {1}, candidates {2}, temperature {3}, ties {4}")
    @CsvSource({
        "3,1,0,1,false",
        "8,5,0,0.7,false",
        "8,300,0,1.3,false",
        "8,300,50,0.8,false",
        "8,1000,3,1,true",
        "8,40,40,1,true",
        "8,40,39,2,true",
        "4,300,5,0,false",
        "4,300,0,0,true"
    })
    void sample(int rows, int columns, int candidates, double temperature, boolean ties) {
        Workbench bench = new Workbench(rows + columns + candidates, 1 << 14);
        Cell logits = ties ? bench.ties(rows, columns) : bench.normal(rows, columns);
        Cell heat = bench.values(temperature);
        Cell uniform = bench.uniform(0, 1, rows);
        bench.floats.set(uniform.at(), 0f);
        bench.floats.set(uniform.end() - 1, 0x1.fffffep-1f);
        Cell y = bench.ids(-7, -7, rows);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        SamplingKernels::sample,
                        bench.context,
                        candidates,
                        bench.floats,
                        logits.at(),
                        bench.floats,
                        heat.at(),
                        bench.floats,
                        uniform.at(),
                        bench.scratch,
                        3,
                        bench.ints,
                        y.at(),
                        columns),
                SamplingKernels.launch(rows));
        bench.run();
        bench.check(
                "sample",
                0,
                y,
                bench.reference(new TopKSample(candidates), logits, heat, uniform)
                        .getFirst());
    }
}
