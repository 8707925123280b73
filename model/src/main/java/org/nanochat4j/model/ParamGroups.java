package org.nanochat4j.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.optim.AdamW;
import org.nanochat4j.engine.optim.Muon;
import org.nanochat4j.engine.optim.ParamGroup;

/** Which optimizer trains which weights, as the reference's base training does: AdamW for tables and scalars, Muon for the blocks' matrices. */
public final class ParamGroups {
    private static final float ADAM_EPS = 1e-10f;
    private static final float MUON_BETA2 = 0.9f;
    /** The smear gate and the two single lambdas learn at this rate whatever batch and width. */
    private static final double SMEAR_RATE = 0.2;

    private ParamGroups() {}

    /**
     * The groups in the reference's order: head, token embedding, value embeddings, lambdas, smear, then matrices by rising shape.
     *
     * <p>The first release's architecture has the head, the token embedding and the matrices only.
     *
     * @param gpt the model
     * @param rates learning rates
     * @return the groups; every parameter is in exactly one
     */
    public static List<ParamGroup> of(Gpt gpt, LearningRates rates) {
        GptParameters weights = gpt.parameters();
        double batch = rates.batchScale();
        double wide = batch * LearningRates.widthScale(gpt.config().channels());
        List<ParamGroup> groups = new ArrayList<>();
        groups.add(adam("lm_head", List.of(weights.lmHead()), rates.unembedding() * wide, 0.8f, 0.96f, 0.01f));
        groups.add(adam("wte", List.of(weights.tokenEmbedding()), rates.embedding() * wide, 0.8f, 0.995f, 0.001f));
        List<Parameter> tables = weights.valueEmbeddings();
        if (!tables.isEmpty()) {
            groups.add(adam("value_embeds", tables, 0.5 * rates.embedding() * wide, 0.8f, 0.995f, 0.01f));
        }
        GptParameters.Lambdas lambdas = weights.lambdas();
        GptParameters.Smear smear = weights.smear();
        if (lambdas != null && smear != null) {
            double scalar = rates.scalar() * batch;
            groups.add(adam("resid_lambdas", List.of(lambdas.residual()), 0.01 * scalar, 0.8f, 0.95f, 0.05f));
            groups.add(adam("x0_lambdas", List.of(lambdas.first()), scalar, 0.96f, 0.95f, 0f));
            List<Parameter> single = List.of(smear.gate(), smear.lambda(), lambdas.backout());
            groups.add(adam("smear", single, SMEAR_RATE, 0.8f, 0.95f, 0f));
        }
        matricesByShape(weights)
                .forEach((shape, matrices) -> groups.add(Muon.of(
                        "muon." + shape.dim(0) + "x" + shape.dim(1),
                        matrices,
                        rates.matrix() * batch,
                        MUON_BETA2,
                        gpt.compute())));
        return List.copyOf(groups);
    }

    private static ParamGroup adam(
            String name, List<Parameter> parameters, double rate, float beta1, float beta2, float decay) {
        return AdamW.of(name, parameters, rate, new AdamWStep(beta1, beta2, ADAM_EPS, decay));
    }

    private static Map<Shape, List<Parameter>> matricesByShape(GptParameters weights) {
        Map<Shape, List<Parameter>> byShape =
                new TreeMap<>(Comparator.<Shape>comparingInt(s -> s.dim(0)).thenComparingInt(s -> s.dim(1)));
        for (GptParameters.Block block : weights.blocks()) {
            for (Parameter matrix : block.matrices()) {
                byShape.computeIfAbsent(matrix.type().shape(), shape -> new ArrayList<>())
                        .add(matrix);
            }
        }
        return byShape;
    }
}
