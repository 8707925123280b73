package org.nanochat4j.tornado.simulator;

import java.util.List;

/**
 * Where a kernel allocates a local array: an instruction, and the calls that lead to it. The device's compiler puts methods in the place of their calls and makes one
 * array for each allocation that it then sees, so an allocation in a loop gives the same array each time.
 *
 * @param calls from the allocation outwards to the kernel
 */
record AllocationSite(List<Call> calls) {
    private static final StackWalker STACK = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

    /**
     * An instruction.
     *
     * @param method class, name and parameters of the method around it
     * @param instruction its place in the method's bytecode
     */
    record Call(String method, int instruction) {
        static Call of(StackWalker.StackFrame frame) {
            return new Call(
                    frame.getClassName() + "." + frame.getMethodName() + frame.getDescriptor(),
                    frame.getByteCodeIndex());
        }
    }

    /** {@return the site of the allocation that is under way} */
    static AllocationSite current() {
        return STACK.walk(frames -> new AllocationSite(frames.dropWhile(frame -> !isOfKernel(frame))
                .takeWhile(AllocationSite::isOfKernel)
                .map(Call::of)
                .toList()));
    }

    private static boolean isOfKernel(StackWalker.StackFrame frame) {
        return frame.getDeclaringClass().getClassLoader() instanceof KernelLoader;
    }
}
