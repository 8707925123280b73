package uk.ac.manchester.tornado.api;

import java.util.Arrays;
import java.util.List;
import org.nanochat4j.tornado.simulator.GraphRecording;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.common.TornadoFunctions;

/**
 * A list of tasks and transfers that run in the order in which they were added.
 *
 * <p>Of the API's overloads only those are here that something uses: longer tasks come as {@link TaskPackage}.
 */
public class TaskGraph {
    private final GraphRecording recording;

    /**
     * Starts an empty graph.
     *
     * @param name by which grids and consumers refer to it
     */
    public TaskGraph(String name) {
        recording = new GraphRecording(name);
    }

    /** {@return the name} */
    public String getTaskGraphName() {
        return recording.name();
    }

    /** Copies arrays to the device: see {@link uk.ac.manchester.tornado.api.enums.DataTransferMode}. */
    public TaskGraph transferToDevice(int mode, Object... objects) {
        recording.toDevice(mode, List.of(objects));
        return this;
    }

    /** Copies arrays back after the tasks, or on demand. */
    public TaskGraph transferToHost(int mode, Object... objects) {
        recording.toHost(mode, List.of(objects));
        return this;
    }

    /** Uses the buffers that another graph of the plan has persisted. */
    public TaskGraph consumeFromDevice(String uniqueTaskGraphName, Object... objects) {
        recording.consume(uniqueTaskGraphName, List.of(objects));
        return this;
    }

    /** Uses the buffers that the graph executed before has persisted. */
    public TaskGraph consumeFromDevice(Object... objects) {
        recording.consume(null, List.of(objects));
        return this;
    }

    /** Keeps arrays on the device, for other graphs. */
    public TaskGraph persistOnDevice(Object... objects) {
        recording.persist(List.of(objects));
        return this;
    }

    /** {@return the graph, which can be changed no more} */
    public ImmutableTaskGraph snapshot() {
        return new ImmutableTaskGraph(recording.snapshot());
    }

    /** Adds a prepared task. */
    public TaskGraph addTask(TaskPackage taskPackage) {
        Object[] parameters = taskPackage.getTaskParameters();
        return add(taskPackage.getId(), parameters[0], Arrays.copyOfRange(parameters, 1, parameters.length));
    }

    /** Adds code without parameters. */
    public TaskGraph task(String id, TornadoFunctions.Task code) {
        return add(id, code);
    }

    /** Adds code of 1 parameter. */
    public <T1> TaskGraph task(String id, TornadoFunctions.Task1<T1> code, T1 arg) {
        return add(id, code, arg);
    }

    /** Adds code of 2 parameters. */
    public <T1, T2> TaskGraph task(String id, TornadoFunctions.Task2<T1, T2> code, T1 arg1, T2 arg2) {
        return add(id, code, arg1, arg2);
    }

    /** Adds code of 3 parameters. */
    public <T1, T2, T3> TaskGraph task(String id, TornadoFunctions.Task3<T1, T2, T3> code, T1 arg1, T2 arg2, T3 arg3) {
        return add(id, code, arg1, arg2, arg3);
    }

    /** Adds code of 4 parameters. */
    public <T1, T2, T3, T4> TaskGraph task(
            String id, TornadoFunctions.Task4<T1, T2, T3, T4> code, T1 arg1, T2 arg2, T3 arg3, T4 arg4) {
        return add(id, code, arg1, arg2, arg3, arg4);
    }

    /** Adds code of 5 parameters. */
    public <T1, T2, T3, T4, T5> TaskGraph task(
            String id, TornadoFunctions.Task5<T1, T2, T3, T4, T5> code, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5) {
        return add(id, code, arg1, arg2, arg3, arg4, arg5);
    }

    /** Adds code of 6 parameters. */
    public <T1, T2, T3, T4, T5, T6> TaskGraph task(
            String id,
            TornadoFunctions.Task6<T1, T2, T3, T4, T5, T6> code,
            T1 arg1,
            T2 arg2,
            T3 arg3,
            T4 arg4,
            T5 arg5,
            T6 arg6) {
        return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6);
    }

    /** Adds code of 7 parameters. */
    public <T1, T2, T3, T4, T5, T6, T7> TaskGraph task(
            String id,
            TornadoFunctions.Task7<T1, T2, T3, T4, T5, T6, T7> code,
            T1 arg1,
            T2 arg2,
            T3 arg3,
            T4 arg4,
            T5 arg5,
            T6 arg6,
            T7 arg7) {
        return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7);
    }

    /** Adds code of 8 parameters. */
    public <T1, T2, T3, T4, T5, T6, T7, T8> TaskGraph task(
            String id,
            TornadoFunctions.Task8<T1, T2, T3, T4, T5, T6, T7, T8> code,
            T1 arg1,
            T2 arg2,
            T3 arg3,
            T4 arg4,
            T5 arg5,
            T6 arg6,
            T7 arg7,
            T8 arg8) {
        return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8);
    }

    /** Adds code of 9 parameters. */
    public <T1, T2, T3, T4, T5, T6, T7, T8, T9> TaskGraph task(
            String id,
            TornadoFunctions.Task9<T1, T2, T3, T4, T5, T6, T7, T8, T9> code,
            T1 arg1,
            T2 arg2,
            T3 arg3,
            T4 arg4,
            T5 arg5,
            T6 arg6,
            T7 arg7,
            T8 arg8,
            T9 arg9) {
        return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9);
    }

    /** Adds code of 10 parameters. */
    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> TaskGraph task(
            String id,
            TornadoFunctions.Task10<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> code,
            T1 arg1,
            T2 arg2,
            T3 arg3,
            T4 arg4,
            T5 arg5,
            T6 arg6,
            T7 arg7,
            T8 arg8,
            T9 arg9,
            T10 arg10) {
        return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10);
    }

    /** Adds a library call of 3 arguments. */
    public <T1, T2, T3> TaskGraph libraryTask(
            String id, TornadoFunctions.LibraryTask3<T1, T2, T3> code, T1 arg1, T2 arg2, T3 arg3) {
        return library(id, code.apply(arg1, arg2, arg3));
    }

    /** Adds a library call of 13 arguments. */
    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> TaskGraph libraryTask(
            String id,
            TornadoFunctions.LibraryTask13<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> code,
            T1 arg1,
            T2 arg2,
            T3 arg3,
            T4 arg4,
            T5 arg5,
            T6 arg6,
            T7 arg7,
            T8 arg8,
            T9 arg9,
            T10 arg10,
            T11 arg11,
            T12 arg12,
            T13 arg13) {
        return library(
                id, code.apply(arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13));
    }

    /** Adds a library call of 17 arguments. */
    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17> TaskGraph libraryTask(
            String id,
            TornadoFunctions.LibraryTask17<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17>
                    code,
            T1 arg1,
            T2 arg2,
            T3 arg3,
            T4 arg4,
            T5 arg5,
            T6 arg6,
            T7 arg7,
            T8 arg8,
            T9 arg9,
            T10 arg10,
            T11 arg11,
            T12 arg12,
            T13 arg13,
            T14 arg14,
            T15 arg15,
            T16 arg16,
            T17 arg17) {
        return library(
                id,
                code.apply(
                        arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13, arg14, arg15,
                        arg16, arg17));
    }

    private TaskGraph add(String id, Object code, Object... arguments) {
        recording.kernel(id, code, arguments);
        return this;
    }

    private TaskGraph library(String id, LibraryTaskDescriptor descriptor) {
        recording.library(id, descriptor);
        return this;
    }
}
