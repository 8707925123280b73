package org.nanochat4j.engine.tornado.cublas;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the cuBLAS of this machine: where the system looks for libraries ({@code LD_LIBRARY_PATH}), then in CUDA's usual folders. */
public final class InstalledCublas {
    private static final List<String> NAMES = List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so.11");

    private static final String DRIVER = "libcuda.so.1";

    private InstalledCublas() {}

    /**
     * The functions of cuBLAS and of CUDA's driver.
     *
     * @param environment where CUDA_HOME and CUDA_PATH may stand
     * @return empty if one of the two is not installed
     */
    static Optional<SymbolLookup> find(Map<String, String> environment) {
        return open(DRIVER)
                .flatMap(driver -> candidates(environment)
                        .flatMap(name -> open(name).stream())
                        .findFirst()
                        .map(cublas -> cublas.or(driver)));
    }

    /** {@return whether there is one, and the driver} */
    public static boolean isThere() {
        return find(System.getenv()).isPresent();
    }

    private static Stream<String> candidates(Map<String, String> environment) {
        Stream<Path> folders = Stream.concat(
                        Stream.of("CUDA_HOME", "CUDA_PATH")
                                .map(name -> environment.getOrDefault(name, ""))
                                .filter(home -> !home.isBlank()),
                        Stream.of("/usr/local/cuda"))
                .flatMap(home -> Stream.of(Path.of(home, "lib64"), Path.of(home, "targets", "x86_64-linux", "lib")));
        Stream<String> files = folders.flatMap(folder -> NAMES.stream().map(folder::resolve))
                .filter(Files::exists)
                .map(Path::toString);
        return Stream.concat(NAMES.stream(), files);
    }

    private static Optional<SymbolLookup> open(String library) {
        try {
            return Optional.of(SymbolLookup.libraryLookup(library, Arena.global()));
        } catch (IllegalArgumentException e) { // there is none of this name
            return Optional.empty();
        }
    }
}
