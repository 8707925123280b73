package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.ClassEntry;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.CachedAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.CustomOp;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.op.Fill;
import org.nanochat4j.engine.op.KvAppend;
import org.nanochat4j.engine.op.MuonMomentum;
import org.nanochat4j.engine.op.MuonNormalize;
import org.nanochat4j.engine.op.MuonUpdate;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.ReluSquaredGrad;
import org.nanochat4j.engine.op.RmsNormGrad;
import org.nanochat4j.engine.op.SigmoidGrad;
import org.nanochat4j.engine.op.Zero;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.program.Step;

class OpCatalogueTest {
    /** Ops that are applied by gradient rules, optimizers and caches rather than by a method of Tensor. */
    private static final Set<Class<? extends Op>> WITHOUT_METHOD = Set.of(
            Accumulate.class,
            AdamWStep.class,
            Assign.class,
            CachedAttention.class,
            CausalAttentionGrad.class,
            CustomOp.class,
            EmbeddingGrad.class,
            Fill.class,
            KvAppend.class,
            MuonMomentum.class,
            MuonNormalize.class,
            MuonUpdate.class,
            ReluSquaredGrad.class,
            RmsNormGrad.class,
            SigmoidGrad.class,
            Zero.class);

    private static Set<String> permitted() {
        return Arrays.stream(Op.class.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    @DisplayName("every op has samples; a new op is added to one of the *Samples classes")
    void everyOpHasSamples() {
        Set<String> sampled = OpCatalogue.byOp().keySet().stream()
                .map(Class::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> missing = new TreeSet<>(permitted());
        missing.removeAll(sampled);
        assertEquals(Set.of(), missing, "ops without samples: add one to a *Samples class");
        assertEquals(permitted(), sampled);
    }

    @Test
    @DisplayName("every sample applies the op that it is filed under")
    void samplesApplyTheirOp() {
        for (OpCatalogue.Entry entry : OpCatalogue.entries()) {
            for (Sample sample : entry.samples(5, true)) {
                Recorder recorder = new Recorder(entry.name());
                List<Variable> variables = sample.declare();
                sample.apply(recorder, variables);
                assertTrue(
                        recorder.finish().steps().stream()
                                .map(Step::op)
                                .anyMatch(op -> entry.op().isInstance(op)),
                        entry.name());
            }
        }
    }

    @Test
    @DisplayName("every op that users apply has a method in Tensor")
    void everyOpHasMethod() throws IOException {
        Set<String> used = new HashSet<>();
        try (InputStream bytes = Tensor.class.getResourceAsStream("Tensor.class")) {
            ClassFile.of().parse(bytes.readAllBytes()).constantPool().forEach(entry -> {
                if (entry instanceof ClassEntry type) {
                    used.add(type.asInternalName());
                }
            });
        }
        for (Class<?> op : Op.class.getPermittedSubclasses()) {
            boolean has = used.contains(op.getName().replace('.', '/'));
            assertTrue(
                    has || WITHOUT_METHOD.contains(op),
                    op.getSimpleName() + " has no method in Tensor: add one, or list it here as internal");
        }
    }

    @Test
    @DisplayName("work and traffic of every sample are counted, never negative")
    void costs() {
        for (OpCatalogue.Entry entry : OpCatalogue.entries()) {
            for (Sample sample : entry.samples(2, true)) {
                Recorder recorder = new Recorder(entry.name());
                List<Variable> variables = sample.declare();
                sample.apply(recorder, variables);
                for (Step step : recorder.finish().steps()) {
                    assertTrue(step.cost().flops() >= 0 && step.cost().bytes() >= 0, step.toString());
                    assertTrue(step.op().isView() || step.cost().bytes() > 0, step.toString());
                }
            }
        }
    }
}
