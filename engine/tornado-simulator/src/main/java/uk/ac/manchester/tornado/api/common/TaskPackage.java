package uk.ac.manchester.tornado.api.common;

/** A kernel with its arguments, ready to be added to a graph. */
public class TaskPackage {
    private final String id;
    private final Object[] codeAndArguments;

    private TaskPackage(String id, Object... codeAndArguments) {
        this.id = id;
        this.codeAndArguments = codeAndArguments;
    }

    /** {@return the name within the graph} */
    public String getId() {
        return id;
    }

    /** {@return the code, then the arguments} */
    public Object[] getTaskParameters() {
        return codeAndArguments;
    }

    /** {@return a task without parameters} */
    public static TaskPackage createPackage(String id, TornadoFunctions.Task code) {
        return new TaskPackage(id, code);
    }

    /** {@return a task of 1 parameter} */
    public static <T1> TaskPackage createPackage(String id, TornadoFunctions.Task1<T1> code, T1 arg) {
        return new TaskPackage(id, code, arg);
    }

    /** {@return a task of 2 parameters} */
    public static <T1, T2> TaskPackage createPackage(String id, TornadoFunctions.Task2<T1, T2> code, T1 arg1, T2 arg2) {
        return new TaskPackage(id, code, arg1, arg2);
    }

    /** {@return a task of 3 parameters} */
    public static <T1, T2, T3> TaskPackage createPackage(
            String id, TornadoFunctions.Task3<T1, T2, T3> code, T1 arg1, T2 arg2, T3 arg3) {
        return new TaskPackage(id, code, arg1, arg2, arg3);
    }

    /** {@return a task of 4 parameters} */
    public static <T1, T2, T3, T4> TaskPackage createPackage(
            String id, TornadoFunctions.Task4<T1, T2, T3, T4> code, T1 arg1, T2 arg2, T3 arg3, T4 arg4) {
        return new TaskPackage(id, code, arg1, arg2, arg3, arg4);
    }

    /** {@return a task of 5 parameters} */
    public static <T1, T2, T3, T4, T5> TaskPackage createPackage(
            String id, TornadoFunctions.Task5<T1, T2, T3, T4, T5> code, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5) {
        return new TaskPackage(id, code, arg1, arg2, arg3, arg4, arg5);
    }

    /** {@return a task of 6 parameters} */
    public static <T1, T2, T3, T4, T5, T6> TaskPackage createPackage(
            String id,
            TornadoFunctions.Task6<T1, T2, T3, T4, T5, T6> code,
            T1 arg1,
            T2 arg2,
            T3 arg3,
            T4 arg4,
            T5 arg5,
            T6 arg6) {
        return new TaskPackage(id, code, arg1, arg2, arg3, arg4, arg5, arg6);
    }

    /** {@return a task of 7 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7> TaskPackage createPackage(
            String id,
            TornadoFunctions.Task7<T1, T2, T3, T4, T5, T6, T7> code,
            T1 arg1,
            T2 arg2,
            T3 arg3,
            T4 arg4,
            T5 arg5,
            T6 arg6,
            T7 arg7) {
        return new TaskPackage(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7);
    }

    /** {@return a task of 8 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8> TaskPackage createPackage(
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
        return new TaskPackage(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8);
    }

    /** {@return a task of 9 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9> TaskPackage createPackage(
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
        return new TaskPackage(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9);
    }

    /** {@return a task of 10 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> TaskPackage createPackage(
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
        return new TaskPackage(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10);
    }

    /** {@return a task of 11 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> TaskPackage createPackage(
            String id,
            TornadoFunctions.Task11<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> code,
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
            T11 arg11) {
        return new TaskPackage(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11);
    }

    /** {@return a task of 12 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> TaskPackage createPackage(
            String id,
            TornadoFunctions.Task12<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> code,
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
            T12 arg12) {
        return new TaskPackage(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12);
    }

    /** {@return a task of 13 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> TaskPackage createPackage(
            String id,
            TornadoFunctions.Task13<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> code,
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
        return new TaskPackage(
                id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13);
    }

    /** {@return a task of 14 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> TaskPackage createPackage(
            String id,
            TornadoFunctions.Task14<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> code,
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
            T14 arg14) {
        return new TaskPackage(
                id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13, arg14);
    }

    /** {@return a task of 15 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> TaskPackage createPackage(
            String id,
            TornadoFunctions.Task15<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> code,
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
            T15 arg15) {
        return new TaskPackage(
                id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13, arg14,
                arg15);
    }

    /** {@return a task of 16 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> TaskPackage createPackage(
            String id,
            TornadoFunctions.Task16<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> code,
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
            T16 arg16) {
        return new TaskPackage(
                id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13, arg14,
                arg15, arg16);
    }

    /** {@return a task of 17 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17>
            TaskPackage createPackage(
                    String id,
                    TornadoFunctions.Task17<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17>
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
        return new TaskPackage(
                id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13, arg14,
                arg15, arg16, arg17);
    }

    /** {@return a task of 18 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18>
            TaskPackage createPackage(
                    String id,
                    TornadoFunctions.Task18<
                                    T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18>
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
                    T17 arg17,
                    T18 arg18) {
        return new TaskPackage(
                id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13, arg14,
                arg15, arg16, arg17, arg18);
    }

    /** {@return a task of 19 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19>
            TaskPackage createPackage(
                    String id,
                    TornadoFunctions.Task19<
                                    T1,
                                    T2,
                                    T3,
                                    T4,
                                    T5,
                                    T6,
                                    T7,
                                    T8,
                                    T9,
                                    T10,
                                    T11,
                                    T12,
                                    T13,
                                    T14,
                                    T15,
                                    T16,
                                    T17,
                                    T18,
                                    T19>
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
                    T17 arg17,
                    T18 arg18,
                    T19 arg19) {
        return new TaskPackage(
                id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13, arg14,
                arg15, arg16, arg17, arg18, arg19);
    }

    /** {@return a task of 20 parameters} */
    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20>
            TaskPackage createPackage(
                    String id,
                    TornadoFunctions.Task20<
                                    T1,
                                    T2,
                                    T3,
                                    T4,
                                    T5,
                                    T6,
                                    T7,
                                    T8,
                                    T9,
                                    T10,
                                    T11,
                                    T12,
                                    T13,
                                    T14,
                                    T15,
                                    T16,
                                    T17,
                                    T18,
                                    T19,
                                    T20>
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
                    T17 arg17,
                    T18 arg18,
                    T19 arg19,
                    T20 arg20) {
        return new TaskPackage(
                id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13, arg14,
                arg15, arg16, arg17, arg18, arg19, arg20);
    }
}
