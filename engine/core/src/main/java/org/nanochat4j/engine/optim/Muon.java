package org.nanochat4j.engine.optim;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.op.Axpby;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.MuonMomentum;
import org.nanochat4j.engine.op.MuonNormalize;
import org.nanochat4j.engine.op.MuonUpdate;

/**
 * Momentum, orthogonalised by the Polar Express iteration, with variance reduction and cautious decay, for matrices of one shape.
 *
 * <p>Sources: Jordan et al. 2024 (Muon); Amsel et al. 2025 (Polar Express); Li et al. 2025 (NorMuon).
 *
 * @param name for logs and checkpoints
 * @param parameters K matrices (R, C)
 * @param initialLearningRate before the schedule's multiplier
 * @param compute type in which directions are orthogonalised, F32 or BF16; all else is F32
 * @param update decay of the second moment
 * @param hyper learning rate, momentum, weight decay
 * @param momentum (K, R, C)
 * @param second (K, R, 1) if R ≥ C, else (K, 1, C)
 */
public record Muon(
        String name,
        List<Parameter> parameters,
        double initialLearningRate,
        DType compute,
        MuonUpdate update,
        Variable hyper,
        Variable momentum,
        Variable second)
        implements ParamGroup {
    /** Coefficients a, b, c of the polynomial a X + b A X + c A² X for each of the five iterations. */
    private static final double[][] POLAR_EXPRESS = {
        {8.156554524902461, -22.48329292557795, 15.878769915207462},
        {4.042929935166739, -2.808917465908714, 0.5000178451051316},
        {3.8916678022926607, -2.772484153217685, 0.5060648178503393},
        {3.285753657755655, -2.3681294933425376, 0.46449024233003106},
        {2.3465413258596377, -1.7097828382687081, 0.42323551169305323}
    };

    /**
     * Declares a group that orthogonalises in F32.
     *
     * @param name for logs and checkpoints
     * @param parameters matrices of one shape
     * @param learningRate before the schedule's multiplier
     * @param beta2 decay of the second moment
     * @return the group
     */
    public static Muon of(String name, List<Parameter> parameters, double learningRate, float beta2) {
        return of(name, parameters, learningRate, beta2, DType.F32);
    }

    /**
     * Declares a group.
     *
     * @param name for logs and checkpoints
     * @param parameters matrices of one shape
     * @param learningRate before the schedule's multiplier
     * @param beta2 decay of the second moment
     * @param compute type in which directions are orthogonalised, F32 or BF16
     * @return the group
     */
    public static Muon of(String name, List<Parameter> parameters, double learningRate, float beta2, DType compute) {
        Shape shape = parameters.getFirst().type().shape();
        int rows = shape.dim(0);
        int columns = shape.dim(1);
        int count = parameters.size();
        TensorType stack = TensorType.f32(count, rows, columns);
        TensorType reduced = rows >= columns ? TensorType.f32(count, rows, 1) : TensorType.f32(count, 1, columns);
        return new Muon(
                name,
                List.copyOf(parameters),
                learningRate,
                compute,
                new MuonUpdate(beta2),
                new Variable(name + ".hyper", TensorType.f32(3), Variable.Role.INPUT),
                new Variable(name + ".momentum_buffer", stack, Variable.Role.OPTIMIZER),
                new Variable(name + ".second_momentum_buffer", reduced, Variable.Role.OPTIMIZER));
    }

    @Override
    public List<Variable> state() {
        return List.of(momentum, second);
    }

    @Override
    public void update(Interpreter interpreter) {
        List<Tensor> gather = new ArrayList<>(List.of(interpreter.use(momentum), interpreter.use(hyper)));
        parameters.forEach(parameter -> gather.add(interpreter.use(parameter.gradient())));
        Tensor direction = interpreter.apply(new MuonMomentum(), gather).getFirst(); // (K, R, C)
        Tensor normal = interpreter.apply(new MuonNormalize(), direction.cast(compute));
        Tensor orthogonal = orthogonalise(normal).cast(DType.F32);
        List<Tensor> scatter = new ArrayList<>(List.of(interpreter.use(second), interpreter.use(hyper), orthogonal));
        parameters.forEach(parameter -> scatter.add(interpreter.use(parameter.value())));
        interpreter.apply(update, scatter);
    }

    /** Five iterations; works on the smaller Gram matrix. */
    private static Tensor orthogonalise(Tensor start) {
        boolean tall = start.shape().dim(1) > start.shape().dim(2);
        Tensor x = start;
        for (double[] c : POLAR_EXPRESS) {
            Tensor gram = x.apply(new MatMul(tall, !tall), x, x); // XᵀX (K, C, C) or XXᵀ (K, R, R)
            Tensor square = x.apply(new MatMul(false, false), gram, gram);
            Tensor b = x.apply(new Axpby((float) c[1], (float) c[2]), gram, square);
            Tensor product = tall ? x.apply(new MatMul(false, false), x, b) : x.apply(new MatMul(false, false), b, x);
            x = x.apply(new Axpby((float) c[0], 1f), x, product);
        }
        return x;
    }
}
