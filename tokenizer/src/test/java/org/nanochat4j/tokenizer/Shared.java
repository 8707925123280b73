package org.nanochat4j.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Golden values and data outside the repository; tests that need them are skipped where they are not. */
final class Shared {

    private Shared() {}

    static Path require(String path) {
        Path found = folder().resolve(path);
        assumeTrue(
                Files.exists(found),
                () -> "skipped: no " + found + "; set -Dnanochat.shared to the folder with the golden values");
        return found;
    }

    private static Path folder() {
        String property = System.getProperty("nanochat.shared");
        if (property != null) {
            return Path.of(property);
        }
        Path folder = Path.of("").toAbsolutePath();
        while (!(Files.exists(folder.resolve("pom.xml")) && Files.exists(folder.resolve("mvnw")))) {
            folder = folder.getParent();
            if (folder == null) {
                return Path.of("shared");
            }
        }
        return folder.resolveSibling("shared");
    }
}
