package org.nanochat4j.tornado.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.ArrayList;
import java.util.List;

/**
 * A barrier that kernels run without, for tests of tests: what checks a kernel must notice when one of its barriers is gone.
 *
 * @param method class and method around the barrier, by their simple names
 * @param number which of the method's barriers, from 0
 */
public record MissingBarrier(String method, int number) {
    private static final String CONTEXT = "uk/ac/manchester/tornado/api/KernelContext";

    /**
     * All barriers of a class, any of which can be missing.
     *
     * @param kernels a class of kernels
     * @return its barriers, in the order of the code
     */
    public static List<MissingBarrier> of(Class<?> kernels) {
        String file = "/" + kernels.getName().replace('.', '/') + ".class";
        try (InputStream in = kernels.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalArgumentException("no class file of " + kernels);
            }
            List<MissingBarrier> barriers = new ArrayList<>();
            for (MethodModel method : ClassFile.of().parse(in.readAllBytes()).methods()) {
                long count = method.code().stream()
                        .flatMap(code -> code.elementStream().filter(MissingBarrier::isBarrier))
                        .count();
                for (int number = 0; number < count; number++) {
                    barriers.add(new MissingBarrier(name(method), number));
                }
            }
            return barriers;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(MethodModel method) {
        String type = method.parent().orElseThrow().thisClass().asInternalName();
        return type.substring(type.lastIndexOf('/') + 1) + "."
                + method.methodName().stringValue();
    }

    private static boolean isBarrier(CodeElement element) {
        return element instanceof InvokeInstruction call
                && call.owner().asInternalName().equals(CONTEXT)
                && call.name().stringValue().endsWith("Barrier");
    }

    /** {@return what leaves the barrier out of a method's code, if it is there} */
    CodeTransform transform(MethodModel of) {
        return name(of).equals(method) ? CodeTransform.ofStateful(Removal::new) : CodeTransform.ACCEPT_ALL;
    }

    @Override
    public String toString() {
        return "barrier " + number + " of " + method;
    }

    private final class Removal implements CodeTransform {
        private int passed;

        @Override
        public void accept(CodeBuilder builder, CodeElement element) {
            if (isBarrier(element) && passed++ == number) {
                builder.pop(); // the context
            } else {
                builder.with(element);
            }
        }
    }
}
