package org.nanochat4j.bench.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.nanochat4j.bench.KernelCase;
import org.nanochat4j.bench.KernelTable;
import org.nanochat4j.bench.Measurement;
import org.nanochat4j.train.cli.Console;
import org.nanochat4j.train.cli.UserError;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code nanochat bench gemm}. */
@Command(
        name = "gemm",
        description = {
            "Measure matrix products in the three transposition cases.",
            "A large square, and the products of a block: forward (NT), gradient of the input (NN), gradient of the weight (TN)."
        })
final class GemmBench extends BenchVerb {

    private static final Pattern SHAPE = Pattern.compile("(\\d{1,6})x(\\d{1,6})x(\\d{1,6})(?::(NN|NT|TN))?");

    @Mixin
    private EffortArguments effort = new EffortArguments();

    @Mixin
    private KernelTypeArguments type = new KernelTypeArguments();

    @Option(
            names = "--depths",
            split = ",",
            paramLabel = "N",
            description = "Depths whose products are measured.",
            showDefaultValue = Visibility.ALWAYS)
    private List<Integer> depths = List.of(4, 6, 12);

    @Option(
            names = "--batch-tokens",
            paramLabel = "N",
            description = "Tokens of a micro-batch.",
            showDefaultValue = Visibility.ALWAYS)
    private int tokens = 4096;

    @Option(
            names = "--square",
            paramLabel = "N",
            description = "Extent of the large square.",
            showDefaultValue = Visibility.ALWAYS)
    private int square = 2048;

    @Option(
            names = "--shape",
            paramLabel = "MxNxK[:CASE]",
            description =
                    "Measure this shape instead, in one case (NN, NT or TN) or in all; may be given several times.")
    private List<String> shapes = new ArrayList<>();

    GemmBench(Console console) {
        super(console);
    }

    @Override
    Measurement measure() {
        return KernelTable.measure("gemm", cases(), target(), effort.effort(), progress());
    }

    private List<KernelCase> cases() {
        List<KernelCase> cases = new ArrayList<>();
        if (shapes.isEmpty()) {
            atLeast("--depths", depths, 1);
            atLeast("--batch-tokens", tokens, 1);
            atLeast("--square", square, 1);
            add(cases, square, square, square);
            depths.forEach(depth -> cases.addAll(KernelCase.gemms(depth, tokens, type.dtype())));
        }
        for (String shape : shapes) {
            Matcher match = SHAPE.matcher(shape);
            if (!match.matches()) {
                throw UserError.usage("--shape " + shape + " is no shape", "give one such as 4096x1024x256:NT");
            }
            int m = extent(match.group(1));
            int n = extent(match.group(2));
            int k = extent(match.group(3));
            if (match.group(4) == null) {
                add(cases, m, n, k);
            } else {
                cases.add(KernelCase.gemm(m, n, k, match.group(4), type.dtype()));
            }
        }
        return cases;
    }

    private static int extent(String digits) {
        int extent = Integer.parseInt(digits);
        atLeast("--shape with an extent of", extent, 1);
        return extent;
    }

    private void add(List<KernelCase> cases, int m, int n, int k) {
        List.of("NN", "NT", "TN").forEach(transposed -> cases.add(KernelCase.gemm(m, n, k, transposed, type.dtype())));
    }
}
