package org.nanochat4j.model;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.ParameterStore;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.runtime.Engine;

/**
 * A directory with a model: {@code model.safetensors} under the reference's names and {@code meta.json} are all it needs; optimizer state, checksums
 * (in the format of {@code sha256sum}) and other files are checked where they are present.
 *
 * <p>A directory appears under its name only when everything in it is on disk.
 */
public final class Checkpoint {
    /** The weights. */
    public static final String MODEL = "model.safetensors";
    /** The optimizer's state; may be absent. */
    public static final String OPTIMIZER = "optimizer.safetensors";
    /** What the checkpoint is. */
    public static final String META = "meta.json";

    private static final String COMPILED_PREFIX = "_orig_mod.";
    private static final String STEP = "step";
    /** Vocabulary tables may be padded to a multiple of this, whatever the architecture asks. */
    private static final int LARGEST_PADDING = 64;

    private static final int CHUNK = 1 << 16;

    private final Path directory;
    private final CheckpointMeta meta;
    private final Map<String, String> checksums;

    private Checkpoint(Path directory, CheckpointMeta meta, Map<String, String> checksums) {
        this.directory = directory;
        this.meta = meta;
        this.checksums = checksums;
    }

    /**
     * Writes a checkpoint: to a temporary directory beside it, every file and the directory forced to disk, then renamed.
     *
     * @param directory must not exist
     * @param meta what it is
     * @param tensors weights and optimizer state
     * @param attachments other files by name
     * @throws IOException if it cannot be written; nothing appears under the name
     */
    public static void save(
            Path directory, CheckpointMeta meta, CheckpointTensors tensors, Map<String, byte[]> attachments)
            throws IOException {
        try (NewDirectory files = NewDirectory.create(directory)) {
            files.tensors(MODEL, tensors.weights());
            if (!tensors.optimizer().isEmpty()) {
                List<TensorSource> state = new ArrayList<>();
                state.add(TensorSource.of(STEP, new long[] {meta.step().orElse(0)}, 1));
                state.addAll(tensors.optimizer());
                files.tensors(OPTIMIZER, state);
            }
            for (Map.Entry<String, byte[]> attachment : new TreeMap<>(attachments).entrySet()) {
                files.bytes(attachment.getKey(), attachment.getValue());
            }
            files.text(META, meta.json());
            files.moveIntoPlace();
        }
    }

    /**
     * Opens a checkpoint and reads what it is.
     *
     * @param directory with {@code meta.json} and {@code model.safetensors}
     * @return the checkpoint
     * @throws IOException if it cannot be read
     * @throws ModelException.BadCheckpoint if it is no checkpoint or was changed since it was written
     */
    public static Checkpoint open(Path directory) throws IOException {
        for (String needed : List.of(META, MODEL)) {
            if (!Files.isRegularFile(directory.resolve(needed))) {
                throw new ModelException.BadCheckpoint(directory + " is no checkpoint: it has no " + needed
                        + "; name a directory that holds " + MODEL + " and " + META);
            }
        }
        Map<String, String> checksums = Checksums.read(directory);
        Checksums.verify(directory, META, checksums);
        CheckpointMeta meta = CheckpointMeta.parse(
                Files.readString(directory.resolve(META)),
                directory.resolve(META).toString());
        return new Checkpoint(directory, meta, checksums);
    }

    /** {@return where it is} */
    public Path directory() {
        return directory;
    }

    /** {@return what it is} */
    public CheckpointMeta meta() {
        return meta;
    }

    /** {@return whether training can go on from here} */
    public boolean hasOptimizer() {
        return Files.isRegularFile(directory.resolve(OPTIMIZER));
    }

    /**
     * Compares every file that has a checksum with it.
     *
     * @throws IOException if a file cannot be read
     * @throws ModelException.BadCheckpoint naming a file that is missing or changed
     */
    public void verify() throws IOException {
        for (String file : checksums.keySet()) {
            Checksums.verify(directory, file, checksums);
        }
    }

    /**
     * One of the other files.
     *
     * @param name as it was attached
     * @return its bytes
     * @throws IOException if it cannot be read
     * @throws ModelException.BadCheckpoint if it was changed
     */
    public byte[] attachment(String name) throws IOException {
        Path file = directory.resolve(name);
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
        Checksums.verify(directory, name, checksums);
        return Files.readAllBytes(file);
    }

    /**
     * Makes the model and loads its weights.
     *
     * @param engine where it will run
     * @return the model, ready
     * @throws IOException if the file cannot be read
     * @throws ModelException.BadCheckpoint naming every tensor that is missing, superfluous or of a wrong shape
     */
    public Gpt loadModel(Engine engine) throws IOException {
        return loadModel(engine, DType.F32);
    }

    /**
     * The same for a model that computes in another type than F32; its weights stay F32.
     *
     * @param engine where the model will run
     * @param compute type of the activations, F32 or BF16
     * @return the model, ready to run
     * @throws IOException if the file cannot be read
     */
    public Gpt loadModel(Engine engine, DType compute) throws IOException {
        Gpt gpt = new Gpt(meta.config(), compute);
        load(gpt, engine);
        return gpt;
    }

    /**
     * Loads the weights into a model of the same shape.
     *
     * @param gpt the model
     * @param engine where it will run
     * @throws IOException if the file cannot be read
     * @throws ModelException.BadCheckpoint naming every tensor that is missing, superfluous or of a wrong shape
     */
    public void load(Gpt gpt, Engine engine) throws IOException {
        Checksums.verify(directory, MODEL, checksums);
        loadWeights(directory.resolve(MODEL), gpt, engine);
    }

    /**
     * Loads weights from a file alone.
     *
     * @param file safetensors with the names of the state_dict
     * @param gpt the model
     * @param engine where it will run
     * @throws IOException if the file cannot be read
     * @throws ModelException.BadCheckpoint naming every tensor that is missing, superfluous or of a wrong shape
     */
    public static void loadWeights(Path file, Gpt gpt, Engine engine) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            Map<String, String> stored = new LinkedHashMap<>();
            for (String name : tensors.tensors().keySet()) {
                stored.put(name.startsWith(COMPILED_PREFIX) ? name.substring(COMPILED_PREFIX.length()) : name, name);
            }
            List<Variable> variables = CheckpointTensors.weights(gpt);
            check(tensors, stored, variables, gpt.config());
            for (Variable variable : variables) {
                copy(tensors, stored.getOrDefault(variable.name(), variable.name()), variable, engine);
            }
        }
        gpt.writeConstants(engine::write);
    }

    /**
     * Loads the optimizer's state.
     *
     * @param groups the groups of the loaded model
     * @param engine where it will run
     * @return steps of training that the state has seen
     * @throws IOException if the file cannot be read
     * @throws ModelException.BadCheckpoint if it is absent, or was written for other groups
     */
    public long loadOptimizer(List<ParamGroup> groups, Engine engine) throws IOException {
        if (!hasOptimizer()) {
            throw new ModelException.BadCheckpoint(directory + " has no " + OPTIMIZER
                    + "; it can be sampled and scored, but training cannot go on from it");
        }
        Checksums.verify(directory, OPTIMIZER, checksums);
        try (SafetensorsFile tensors = SafetensorsFile.open(directory.resolve(OPTIMIZER))) {
            List<Variable> variables = CheckpointTensors.state(groups);
            Map<String, String> stored = new LinkedHashMap<>();
            tensors.tensors().keySet().stream()
                    .filter(name -> !name.equals(STEP))
                    .forEach(name -> stored.put(name, name));
            check(tensors, stored, variables, meta.config());
            for (Variable variable : variables) {
                copy(tensors, variable.name(), variable, engine);
            }
            long[] step = tensors.integers(STEP);
            if (step.length != 1) {
                throw new ModelException.BadCheckpoint(
                        tensors.path() + ": step is not a single number; use another checkpoint");
            }
            return step[0];
        }
    }

    /** Collects everything that does not fit, so that one message tells the whole story. */
    private static void check(
            SafetensorsFile tensors, Map<String, String> stored, List<Variable> variables, GptConfig config) {
        List<String> problems = new ArrayList<>();
        Set<String> unknown = new HashSet<>(stored.keySet());
        for (Variable variable : variables) {
            unknown.remove(variable.name());
            String name = stored.get(variable.name());
            if (name == null) {
                problems.add(
                        "missing " + variable.name() + " " + variable.type().shape());
                continue;
            }
            List<Long> shape = tensors.tensor(name).shape();
            if (!fits(shape, variable.type().shape(), config)) {
                problems.add("wrong shape of " + variable.name() + ": " + shape + " in the file, "
                        + variable.type().shape() + " expected");
            }
        }
        stored.forEach((name, inFile) -> {
            if (unknown.contains(name)) {
                problems.add("unknown " + name + " " + tensors.tensor(inFile).shape());
            }
        });
        if (!problems.isEmpty()) {
            int shown = Math.min(problems.size(), 10);
            String more = problems.size() > shown ? "\n  and " + (problems.size() - shown) + " more" : "";
            throw new ModelException.BadCheckpoint(tensors.path() + " does not fit the model of its meta data:\n  "
                    + String.join("\n  ", problems.subList(0, shown)) + more
                    + "\n  check \"architecture\" and \"model_config\" in " + META);
        }
    }

    /** The same extents, but tables of the vocabulary may have any number of padding rows up to the reference's. */
    private static boolean fits(List<Long> stored, Shape wanted, GptConfig config) {
        if (stored.size() != wanted.rank()) {
            return false;
        }
        for (int axis = 0; axis < wanted.rank(); axis++) {
            long extent = stored.get(axis);
            boolean isTable = axis == 0 && wanted.rank() == 2 && wanted.dim(0) == config.paddedVocabulary();
            long most = Math.ceilDiv(config.vocabularySize(), LARGEST_PADDING) * (long) LARGEST_PADDING;
            boolean padded = isTable && extent >= config.vocabularySize() && extent <= most;
            if (extent != wanted.dim(axis) && !padded) {
                return false;
            }
        }
        return true;
    }

    /** Copies by pieces; rows that the file lacks become zero, rows that the variable lacks are padding and left out. */
    private static void copy(SafetensorsFile tensors, String name, Variable variable, Engine engine) {
        long wanted = variable.type().elements();
        long there = Math.min(wanted, tensors.tensor(name).elements());
        float[] chunk = new float[CHUNK];
        for (long first = 0; first < wanted; first += CHUNK) {
            int count = (int) Math.min(CHUNK, wanted - first);
            int read = Math.clamp(there - first, 0, count);
            if (read > 0) {
                tensors.readFloats(name, first, part(chunk, read));
            }
            Arrays.fill(chunk, read, count, 0f);
            ParameterStore.write(variable, first, chunk, count, engine::write);
        }
    }

    private static MemorySegment part(float[] chunk, int count) {
        return MemorySegment.ofArray(chunk).asSlice(0, (long) count * Float.BYTES);
    }
}
