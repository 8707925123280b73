package org.nanochat4j.tornado.simulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.Annotation;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.reflect.AccessFlag;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The signatures that callers of an API are compiled against, one per line: classes with their supertypes, public and protected
 * members with their descriptors, and the meta-annotations of annotations. Read from class files, none of which is loaded.
 */
final class Signatures {
    private static final String ROOT = "uk/ac/manchester/tornado/";

    private final SortedSet<String> lines = new TreeSet<>();

    private Signatures() {}

    /** {@return the lines of TornadoVM's packages in a folder of classes or in jars} */
    static SortedSet<String> of(Path... places) throws IOException {
        Signatures signatures = new Signatures();
        for (Path place : places) {
            if (Files.isDirectory(place)) {
                signatures.walk(place.resolve(ROOT));
            } else {
                try (FileSystem jar = FileSystems.newFileSystem(place)) {
                    signatures.walk(jar.getPath(ROOT));
                }
            }
        }
        return signatures.lines;
    }

    /** {@return the lines about these classes} */
    static SortedSet<String> about(Set<String> classes, Set<String> lines) {
        return lines.stream()
                .filter(line -> classes.contains(type(line)))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** {@return the class that a line is about} */
    static String type(String line) {
        return line.substring(0, line.indexOf(' '));
    }

    private void walk(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            files.filter(file -> file.toString().endsWith(".class")).forEach(file -> {
                try {
                    add(ClassFile.of().parse(Files.readAllBytes(file)));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    private void add(ClassModel type) {
        Set<AccessFlag> flags = type.flags().flags();
        if (!flags.contains(AccessFlag.PUBLIC)) {
            return;
        }
        String name = type.thisClass().asInternalName();
        lines.add(name + " is"
                + kind(flags, AccessFlag.ABSTRACT, AccessFlag.FINAL, AccessFlag.INTERFACE, AccessFlag.ENUM));
        type.superclass().ifPresent(parent -> lines.add(name + " extends " + parent.asInternalName()));
        type.interfaces().forEach(parent -> lines.add(name + " implements " + parent.asInternalName()));
        metaAnnotations(type, name);
        for (FieldModel field : type.fields()) {
            if (isVisible(field.flags().flags())) {
                lines.add(name + " field " + field.fieldName() + " " + field.fieldType()
                        + kind(field.flags().flags(), AccessFlag.STATIC, AccessFlag.FINAL, AccessFlag.PROTECTED));
            }
        }
        for (MethodModel method : type.methods()) {
            if (isVisible(method.flags().flags())) {
                lines.add(name + " method " + method.methodName() + method.methodType()
                        + kind(method.flags().flags(), AccessFlag.STATIC, AccessFlag.ABSTRACT, AccessFlag.PROTECTED));
            }
        }
    }

    private void metaAnnotations(AttributedElement type, String name) {
        type.findAttribute(Attributes.runtimeVisibleAnnotations()).ifPresent(attribute -> {
            for (Annotation annotation : attribute.annotations()) {
                String about = annotation.className().stringValue();
                if (about.endsWith("/Retention;") || about.endsWith("/Target;")) {
                    String values = annotation.elements().stream()
                            .map(element -> Values.of(element.value()))
                            .collect(Collectors.joining(","));
                    lines.add(name + " annotated " + about + " " + values);
                }
            }
        });
    }

    private static boolean isVisible(Set<AccessFlag> flags) {
        return (flags.contains(AccessFlag.PUBLIC) || flags.contains(AccessFlag.PROTECTED))
                && !flags.contains(AccessFlag.SYNTHETIC);
    }

    private static String kind(Set<AccessFlag> flags, AccessFlag... named) {
        return Stream.of(named).filter(flags::contains).map(flag -> " " + flag).collect(Collectors.joining());
    }

    /** Values of annotations. */
    private static final class Values {
        private Values() {}

        static String of(java.lang.classfile.AnnotationValue value) {
            return switch (value) {
                case java.lang.classfile.AnnotationValue.OfEnum constant ->
                    constant.constantName().stringValue();
                case java.lang.classfile.AnnotationValue.OfArray array ->
                    array.values().stream().map(Values::of).sorted().collect(Collectors.joining(","));
                default -> value.toString();
            };
        }
    }
}
