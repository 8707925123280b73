package org.nanochat4j.engine.tornado.kernels;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.tornado.kernels.Workbench.Cell;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task13;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class GemmKernelsTest {
    private static final double BOUND = 1e-6;

    @ParameterizedTest(name = "{0} products of ({1}, {3}) and ({3}, {2})")
    @CsvSource({
        "1,1,1,1",
        "1,64,64,16",
        "2,65,63,17",
        "1,5,130,33",
        "3,70,9,1",
        "1,128,64,48",
        "1,33,200,129",
        "1,140,20,300"
    })
    void allTranspositions(int stack, int m, int n, int k) {
        for (int variant = 0; variant < 8; variant++) {
            boolean a = variant % 2 == 1;
            boolean b = variant / 2 % 2 == 1;
            boolean panels = variant / 4 == 1;
            Workbench bench = new Workbench(m + 31L * n + 997L * k + variant, 1 << 17);
            Cell left = a ? bench.normal(stack, k, m) : bench.normal(stack, m, k);
            Cell right = b ? bench.normal(stack, n, k) : bench.normal(stack, k, n);
            Cell result = bench.room(stack, m, n);
            double[] expected = bench.reference(new MatMul(a, b), left, right).getFirst();
            multiply(bench, panels, left, right, result, stack, List.of(m, n, k), a, b, false);
            bench.run();
            bench.check("product", BOUND * Math.sqrt(k), result, expected);
            bench.checkMargins("product");
        }
    }

    @ParameterizedTest(name = "by panels {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("with add the product is added to what is there")
    void adds(boolean panels) {
        Workbench bench = new Workbench(7, 1 << 15);
        Cell left = bench.normal(40, 70);
        Cell right = bench.normal(70, 90);
        Cell result = bench.normal(40, 90);
        double[] expected =
                bench.reference(new MatMul(false, false), left, right).getFirst();
        double[] before = bench.read(result);
        for (int i = 0; i < expected.length; i++) {
            expected[i] += before[i];
        }
        multiply(bench, panels, left, right, result, 1, List.of(40, 90, 70), false, false, true);
        bench.run();
        bench.check("sum", 1e-5, result, expected);
    }

    private static void multiply(
            Workbench bench,
            boolean panels,
            Cell a,
            Cell b,
            Cell c,
            int stack,
            List<Integer> mnk,
            boolean transposeA,
            boolean transposeB,
            boolean add) {
        Task13<
                        KernelContext,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        FloatArray,
                        Integer,
                        Integer,
                        Integer,
                        Integer,
                        Integer,
                        Integer,
                        Integer>
                kernel = panels ? PanelKernels::multiplyPanels : GemmKernels::multiply;
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        kernel,
                        bench.context,
                        bench.floats,
                        a.at(),
                        bench.floats,
                        b.at(),
                        bench.floats,
                        c.at(),
                        mnk.get(0),
                        mnk.get(1),
                        mnk.get(2),
                        transposeA ? 1 : 0,
                        transposeB ? 1 : 0,
                        add ? 1 : 0),
                panels
                        ? PanelKernels.launch(mnk.get(0), mnk.get(1), stack)
                        : GemmKernels.launch(mnk.get(0), mnk.get(1), stack));
    }
}
