package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.nanochat4j.engine.runtime.Engine;
import tools.jackson.databind.JsonNode;

/**
 * With what a result was computed: all that its bytes may depend on beside options, data and seed.
 *
 * <p>That is the code, the Java that compiles it (its intrinsics and code choice), the backend and the backend's kernel path. What cannot change a byte (threads,
 * processor, host, times, folders) stands in {@code wall_clock} instead. So a run that was interrupted has the {@code meta.json} of one that was
 * not, as long as it goes on with the same build on the same kind of machine; if not, both this and the run's history tell.
 *
 * @param facts value by name: {@code version}, {@code commit} and {@code dirty} as the build found them, {@code java}, {@code virtual_machine},
 *     {@code backend}, {@code kernels}
 */
public record Identity(Map<String, String> facts) {

    /** Stands where nothing is known, for example the commit of a build from a source archive. */
    static final String UNKNOWN = "unknown";

    private static final String BUILD = "build.properties";

    private static final Map<String, String> CODE = code();

    /** Keeps the order. */
    public Identity {
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }

    /** The code of this build: {@code version}, {@code commit} and {@code dirty}, each "unknown" where the build found no repository. */
    public static Map<String, String> build() {
        return CODE;
    }

    /** What this process computes with. */
    public static Identity of(Engine engine) {
        var facts = new LinkedHashMap<>(CODE);
        facts.put("java", property("java.vendor") + " " + property("java.runtime.version"));
        facts.put("virtual_machine", property("java.vm.name") + " " + property("java.vm.version"));
        facts.put("backend", engine.backendName());
        facts.put("kernels", engine.device().path());
        return new Identity(facts);
    }

    /** What a {@code meta.json} says; a missing node says nothing. */
    static Identity of(JsonNode node) {
        var facts = new LinkedHashMap<String, String>();
        node.properties()
                .forEach(fact -> facts.put(fact.getKey(), fact.getValue().asString()));
        return new Identity(facts);
    }

    /** What is different now. */
    List<Change> changesTo(Identity now) {
        var changes = new ArrayList<Change>();
        now.facts.forEach((name, value) -> {
            String before = facts.getOrDefault(name, UNKNOWN);
            if (!before.equals(value)) {
                changes.add(new Change(name, before, value));
            }
        });
        return changes;
    }

    /** What the build wrote down. */
    private static Map<String, String> code() {
        var build = new Properties();
        try (InputStream in = Identity.class.getResourceAsStream(BUILD)) {
            if (in != null) {
                build.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(BUILD + " cannot be read; build the program again", e);
        }
        var code = new LinkedHashMap<String, String>();
        for (String name : List.of("version", "commit", "dirty")) {
            code.put(name, build.getProperty(name, UNKNOWN));
        }
        return code;
    }

    private static String property(String name) {
        return System.getProperty(name, UNKNOWN);
    }
}
