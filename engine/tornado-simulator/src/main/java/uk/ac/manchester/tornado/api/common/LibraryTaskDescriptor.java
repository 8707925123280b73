package uk.ac.manchester.tornado.api.common;

import org.jspecify.annotations.Nullable;

/** A call of a vendor's library, to be made on the device's stream. */
public class LibraryTaskDescriptor {
    private String libraryName = "";
    private String functionName = "";
    private Object[] parameters = {};
    private Access[] access = {};
    private @Nullable Object tuning;

    /** Sets the library. */
    public LibraryTaskDescriptor withLibrary(String libraryName) {
        this.libraryName = libraryName;
        return this;
    }

    /** Sets the function. */
    public LibraryTaskDescriptor withFunction(String functionName) {
        this.functionName = functionName;
        return this;
    }

    /** Sets the arguments. */
    public LibraryTaskDescriptor withParameters(Object[] parameters) {
        this.parameters = parameters;
        return this;
    }

    /** Sets what the call does with each argument. */
    public LibraryTaskDescriptor withAccess(Access[] access) {
        this.access = access;
        return this;
    }

    /** Sets the library's own options. */
    public LibraryTaskDescriptor withTuning(Object tuning) {
        this.tuning = tuning;
        return this;
    }

    /** {@return the library} */
    public String getLibraryName() {
        return libraryName;
    }

    /** {@return the function} */
    public String getFunctionName() {
        return functionName;
    }

    /** {@return the arguments} */
    public Object[] getParameters() {
        return parameters;
    }

    /** {@return what the call does with each argument} */
    public Access[] getAccess() {
        return access;
    }

    /** {@return the library's own options} */
    public @Nullable Object getTuning() {
        return tuning;
    }
}
