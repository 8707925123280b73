package org.nanochat4j.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tokenizers on disk: a folder with the HuggingFace {@code tokenizer.json}, which is the tokenizer, and {@code
 * tokenizer_meta.json}, which says what it was trained on and carries its fingerprint. Files are written beside their
 * place, forced to disk and renamed.
 */
public final class TokenizerFiles {

    /** The tokenizer itself, in HuggingFace's format. */
    public static final String TOKENIZER = "tokenizer.json";

    /** Fingerprint and origin. */
    public static final String META = "tokenizer_meta.json";

    private static final JsonMapper JSON = JsonMapper.shared();

    private TokenizerFiles() {}

    /**
     * Saves a tokenizer into a folder, which is created if need be; an older tokenizer there is replaced.
     *
     * @param tokenizer what to save
     * @param meta its description
     * @param folder where to
     * @throws IOException if it cannot be written; a file is then either old or new, never half
     * @throws TokenizerException if the description is not of this tokenizer
     */
    public static void save(Tokenizer tokenizer, TokenizerMeta meta, Path folder) throws IOException {
        requireFingerprint(tokenizer, meta, "the description to save");
        Files.createDirectories(folder);
        // Without a description the folder is valid at every moment between the two renames.
        Files.deleteIfExists(folder.resolve(META));
        SafeFile.write(folder.resolve(TOKENIZER), HuggingFaceFile.write(tokenizer));
        SafeFile.write(folder.resolve(META), toJson(meta));
    }

    /**
     * Loads the tokenizer of a folder, checked against its description if there is one; or a single file, of
     * HuggingFace's format or, by its ending {@code .tiktoken}, of tiktoken's.
     *
     * @param path folder or file
     * @return the tokenizer
     * @throws IOException if it cannot be read
     * @throws TokenizerException if it is missing, cut off, of another structure, or not what the description says
     */
    public static Tokenizer load(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            byte[] content = read(path);
            return path.toString().endsWith(".tiktoken")
                    ? TiktokenFile.read(content, path.toString())
                    : HuggingFaceFile.read(content, path.toString());
        }
        Path file = path.resolve(TOKENIZER);
        Tokenizer tokenizer = HuggingFaceFile.read(read(file), file.toString());
        Optional<TokenizerMeta> meta = loadMeta(path);
        if (meta.isPresent()) {
            requireFingerprint(tokenizer, meta.get(), path.resolve(META).toString());
        }
        return tokenizer;
    }

    /**
     * The description of the tokenizer in a folder, empty if there is none.
     *
     * @param folder where {@link #save} wrote to
     * @return the description, if there is one
     * @throws IOException if it cannot be read
     * @throws TokenizerException if it is cut off, incomplete or of a later version
     */
    public static Optional<TokenizerMeta> loadMeta(Path folder) throws IOException {
        Path file = folder.resolve(META);
        return Files.exists(file) ? Optional.of(fromJson(read(file), file.toString())) : Optional.empty();
    }

    /**
     * Writes tiktoken's text format: base64 bytes and rank per line, without the special tokens.
     *
     * @param tokenizer what to write
     * @param file where to; should end in {@code .tiktoken}
     * @throws IOException if it cannot be written
     */
    public static void saveTiktoken(Tokenizer tokenizer, Path file) throws IOException {
        SafeFile.write(file, TiktokenFile.write(tokenizer));
    }

    private static byte[] read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new TokenizerException(
                    "no tokenizer at " + file, "train one with 'nanochat tok train', or give the folder of another");
        }
        return Files.readAllBytes(file);
    }

    private static void requireFingerprint(Tokenizer tokenizer, TokenizerMeta meta, String where) {
        if (!tokenizer.fingerprint().equals(meta.fingerprint()) || tokenizer.vocabSize() != meta.vocabSize()) {
            throw new TokenizerException(
                    "fingerprints differ: the tokenizer, %d ids, has %s; %s says %d ids, %s"
                            .formatted(
                                    tokenizer.vocabSize(),
                                    tokenizer.fingerprint(),
                                    where,
                                    meta.vocabSize(),
                                    meta.fingerprint()),
                    "the files are of different tokenizers; restore the pair, or delete " + META
                            + " if the tokenizer is the right one");
        }
    }

    private static byte[] toJson(TokenizerMeta meta) {
        ObjectNode json = JSON.createObjectNode();
        json.put("format_version", meta.formatVersion());
        json.put("fingerprint", meta.fingerprint());
        json.put("vocab_size", meta.vocabSize());
        json.put("pattern", meta.pattern());
        json.putObject("trained_on")
                .put("source", meta.trainedOn())
                .put("documents", meta.documents())
                .put("characters", meta.characters());
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
    }

    private static TokenizerMeta fromJson(byte[] content, String where) {
        try {
            JsonNode json = JSON.readTree(content);
            int version = json.path("format_version").asInt(0);
            if (version != TokenizerMeta.FORMAT_VERSION) {
                throw new TokenizerException(
                        where + " has format version " + version + "; this program knows "
                                + TokenizerMeta.FORMAT_VERSION,
                        "use the program that wrote it, or delete the file if " + TOKENIZER + " is the right one");
            }
            JsonNode trainedOn = json.path("trained_on");
            return new TokenizerMeta(
                    version,
                    json.path("fingerprint").asString(""),
                    json.path("vocab_size").asInt(0),
                    json.path("pattern").asString(""),
                    trainedOn.path("source").asString(""),
                    trainedOn.path("documents").asLong(0),
                    trainedOn.path("characters").asLong(0));
        } catch (JacksonException broken) {
            throw new TokenizerException(
                    where + " is not complete JSON: " + broken.getOriginalMessage(),
                    "the file was cut off or changed; delete it if " + TOKENIZER + " is the right one",
                    broken);
        }
    }
}
