package org.nanochat4j.model;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Golden values outside the repository; tests that need them are skipped where they are not. */
final class Shared {
    private Shared() {}

    static Path golden(String path) {
        Path found = folder().resolve("golden").resolve(path);
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
