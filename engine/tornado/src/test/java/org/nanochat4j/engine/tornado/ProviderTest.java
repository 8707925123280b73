package org.nanochat4j.engine.tornado;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import uk.ac.manchester.tornado.api.TaskGraph;

class ProviderTest {
    @Test
    @DisplayName("the simulator is no device to train on")
    void simulatorIsRefused() {
        EngineException.NoBackend refused = assertThrows(
                EngineException.NoBackend.class,
                () -> Engine.open(TornadoBackendProvider.NAME, BackendOptions.DEFAULT));
        String message = String.valueOf(refused.getMessage());
        assertTrue(message.contains("simulator"), message);
        assertTrue(message.contains("remedy"), message);
    }

    @Test
    @DisplayName("without TornadoVM on the class path: a clear error that says how to install it")
    void withoutInstallation() throws Exception {
        String simulator = TaskGraph.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath();
        URL[] path = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(ProviderTest::url)
                .filter(entry -> !entry.getPath().equals(simulator))
                .toArray(URL[]::new);
        try (URLClassLoader loader = new URLClassLoader(path, ClassLoader.getPlatformClassLoader())) {
            Class<?> options = loader.loadClass(BackendOptions.class.getName());
            Object provider = loader.loadClass(TornadoBackendProvider.class.getName())
                    .getConstructor()
                    .newInstance();
            InvocationTargetException thrown = assertThrows(
                    InvocationTargetException.class,
                    () -> provider.getClass()
                            .getMethod("open", options)
                            .invoke(provider, options.getField("DEFAULT").get(null)));
            String message = String.valueOf(thrown.getCause());
            assertTrue(message.startsWith(EngineException.NoBackend.class.getName()), message);
            assertTrue(message.contains("TORNADOVM_HOME"), message);
        }
    }

    private static URL url(String entry) {
        try {
            return new File(entry).toURI().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(entry, e);
        }
    }
}
