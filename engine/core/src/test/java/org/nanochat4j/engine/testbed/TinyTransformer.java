package org.nanochat4j.engine.testbed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.autodiff.Gradients;
import org.nanochat4j.engine.autodiff.Tape;
import org.nanochat4j.engine.nn.Init;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.nn.ParameterStore;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Zero;
import org.nanochat4j.engine.optim.AdamW;
import org.nanochat4j.engine.optim.Muon;
import org.nanochat4j.engine.optim.ParamGroup;

/** One block of attention and one of an MLP between an embedding and a loss, with its optimizers; runs on any interpreter. */
final class TinyTransformer {
    static final int BATCH = 2;
    static final int TIME = 37;
    static final int HEADS = 4;
    static final int GROUPS = 2;
    static final int SIZE = 8;
    static final int WIDTH = HEADS * SIZE;
    static final int VOCABULARY = 61;

    final ParameterStore parameters = new ParameterStore();
    final Variable ids = new Variable("ids", TensorType.i32(BATCH, TIME), Variable.Role.INPUT);
    final Variable targets = new Variable("targets", TensorType.i32(BATCH * TIME), Variable.Role.INPUT);
    final Variable start = new Variable("start", TensorType.i32(BATCH), Variable.Role.CONSTANT);
    final Variable cos = new Variable("cos", TensorType.f32(TIME, SIZE / 2), Variable.Role.CONSTANT);
    final Variable sin = new Variable("sin", TensorType.f32(TIME, SIZE / 2), Variable.Role.CONSTANT);
    final Variable loss = new Variable("loss", TensorType.f32(1), Variable.Role.OUTPUT);
    final List<ParamGroup> groups = new ArrayList<>();

    private final DType compute;

    private final Parameter embedding = declare("embedding", 0.5f, VOCABULARY, WIDTH);
    private final Parameter query = declare("query", 0.2f, WIDTH, WIDTH);
    private final Parameter key = declare("key", 0.2f, GROUPS * SIZE, WIDTH);
    private final Parameter value = declare("value", 0.2f, GROUPS * SIZE, WIDTH);
    private final Parameter projection = declare("projection", 0.2f, WIDTH, WIDTH);
    private final Parameter up = declare("up", 0.2f, 4 * WIDTH, WIDTH);
    private final Parameter down = declare("down", 0.1f, WIDTH, 4 * WIDTH);
    private final Parameter head = declare("head", 0.2f, VOCABULARY + 3, WIDTH);
    private final Parameter lambda = declare("lambda", 0.5f, 1);

    TinyTransformer() {
        this(DType.F32);
    }

    /**
     * Makes the network.
     *
     * @param compute type of activations and of what is multiplied
     */
    TinyTransformer(DType compute) {
        this.compute = compute;
        AdamWStep step = new AdamWStep(0.8f, 0.95f, 1e-10f, 0.01f);
        groups.add(AdamW.of("adam", List.of(embedding, head, lambda), 0.02, step));
        groups.add(Muon.of("square", List.of(query, projection), 0.02, 0.9f, compute));
        groups.add(Muon.of("wide", List.of(key, value), 0.02, 0.9f, compute));
        groups.add(Muon.of("tall", List.of(up), 0.02, 0.9f, compute));
        groups.add(Muon.of("down", List.of(down), 0.02, 0.9f, compute));
    }

    /** A matrix in the type that is computed in. */
    private Tensor matrix(Interpreter interpreter, Parameter weight) {
        Tensor stored = interpreter.use(weight.value());
        return compute == DType.F32 ? stored : stored.cast(compute);
    }

    private Parameter declare(String name, float std, int... dims) {
        return parameters.declare(name, new Init.Normal(std), dims);
    }

    /** The numbers of everything that is not zero at the start, by variable: floats or ids. */
    Map<Variable, Object> initialValues() {
        Map<Variable, Object> values = new LinkedHashMap<>();
        for (Parameter parameter : parameters.all()) {
            values.put(
                    parameter.value(),
                    new float[Math.toIntExact(parameter.type().elements())]);
        }
        parameters.initialise(
                42,
                (variable, offset, source) -> java.lang.foreign.MemorySegment.copy(
                        source,
                        0,
                        java.lang.foreign.MemorySegment.ofArray((float[]) values.get(variable)),
                        offset,
                        source.byteSize()));
        int[] tokens = new int[BATCH * TIME];
        int[] next = new int[BATCH * TIME];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = (7 * i + i * i) % VOCABULARY;
            next[i] = i % 10 == 9 ? -1 : (7 * (i + 1) + (i + 1) * (i + 1)) % VOCABULARY;
        }
        float[] cosines = new float[TIME * SIZE / 2];
        float[] sines = new float[TIME * SIZE / 2];
        for (int i = 0; i < cosines.length; i++) {
            int position = i / (SIZE / 2);
            double angle = position / Math.pow(100, 2.0 * (i % (SIZE / 2)) / SIZE);
            cosines[i] = (float) Math.cos(angle);
            sines[i] = (float) Math.sin(angle);
        }
        values.put(ids, tokens);
        values.put(targets, next);
        values.put(cos, cosines);
        values.put(sin, sines);
        values.put(groups.get(0).hyper(), new float[] {0.02f, 0.2f, 0.05f});
        groups.subList(1, groups.size()).forEach(group -> values.put(group.hyper(), new float[] {0.02f, 0.9f, 0.1f}));
        return values;
    }

    private Tensor forward(Interpreter interpreter) {
        Tensor x = interpreter.use(embedding.value()).embedding(ids.tensor()); // (B, T, C)
        x = (compute == DType.F32 ? x : x.cast(compute)).rmsNorm(1e-6f);
        Tensor first = x;
        Tensor q = rotated(interpreter, x, query, HEADS);
        Tensor k = rotated(interpreter, x, key, GROUPS);
        Tensor v = x.matmulTransposed(matrix(interpreter, value)).reshape(BATCH, TIME, GROUPS, SIZE);
        Tensor y = q.causalAttention(k, v, 9, (float) (1 / Math.sqrt(SIZE))).reshape(BATCH, TIME, WIDTH);
        x = x.add(y.matmulTransposed(matrix(interpreter, projection)));
        Tensor inner =
                x.rmsNorm(1e-6f).matmulTransposed(matrix(interpreter, up)).reluSquared(); // (B, T, 4C)
        x = x.add(inner.matmulTransposed(matrix(interpreter, down)))
                .add(first.shiftTime(1).scaleBy(lambda.tensor()));
        return x.rmsNorm(1e-6f)
                .reshape(BATCH * TIME, WIDTH)
                .softcapCrossEntropy(matrix(interpreter, head), targets.tensor(), 15, VOCABULARY)
                .mean();
    }

    private Tensor rotated(Interpreter interpreter, Tensor x, Parameter weight, int heads) {
        return x.matmulTransposed(matrix(interpreter, weight))
                .reshape(BATCH, TIME, heads, SIZE)
                .rope(cos.tensor(), sin.tensor(), start.tensor())
                .rmsNorm(1e-6f); // (B, T, H, D)
    }

    /** Loss, gradients added to their variables, and one step of every optimizer. */
    void step(Interpreter interpreter) {
        Tape tape = interpreter.tape();
        Tensor mean = forward(interpreter);
        tape.close();
        List<Variable> weights = parameters.all().stream().map(Parameter::value).toList();
        Gradients gradients = tape.gradients(mean, weights);
        interpreter.apply(new Assign(), List.of(interpreter.use(loss), mean));
        for (Parameter parameter : parameters.all()) {
            Tensor gradient = interpreter.use(parameter.gradient());
            interpreter.apply(new Zero(), List.of(gradient));
            interpreter.apply(new Accumulate(), List.of(gradient, gradients.of(parameter.value())));
        }
        groups.forEach(group -> group.update(interpreter));
    }

    /** All that a step changes: weights, gradients, optimizer state, loss. */
    List<Variable> changed() {
        List<Variable> changed = new ArrayList<>();
        for (Parameter parameter : parameters.all()) {
            changed.add(parameter.value());
            changed.add(parameter.gradient());
        }
        groups.forEach(group -> changed.addAll(group.state()));
        changed.add(loss);
        return changed;
    }
}
