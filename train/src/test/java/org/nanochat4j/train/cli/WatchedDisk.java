package org.nanochat4j.train.cli;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/** The real disk, with somebody who is asked before every change to it: to fail it, to delay it, or to count. */
final class WatchedDisk extends FileSystemProvider {

    /** What is about to happen. */
    enum Change {
        CREATE,
        WRITE,
        FORCE,
        MOVE,
        DELETE
    }

    /** Whoever is asked. */
    @FunctionalInterface
    interface Watch {
        /** Returns to let it happen. */
        void before(Change change, Path path) throws IOException;
    }

    private final Watch watch;
    private final FileSystem files;
    private final FileSystemProvider real;

    private WatchedDisk(Path path, Watch watch) {
        this.watch = watch;
        this.real = path.getFileSystem().provider();
        this.files = new Files(path.getFileSystem());
    }

    /** A path whose changes, and those of all paths made from it, are watched. */
    static Path watch(Path path, Watch watch) {
        return new WatchedDisk(path, watch).wrap(path);
    }

    private Path wrap(Path path) {
        return (Path) Proxy.newProxyInstance(
                WatchedDisk.class.getClassLoader(), new Class<?>[] {Path.class, Wrapped.class}, (_, method, args) -> {
                    switch (method.getName()) {
                        case "getFileSystem":
                            return files;
                        case "real":
                            return path;
                        default:
                            Object[] plain = args == null
                                    ? null
                                    : Arrays.stream(args)
                                            .map(WatchedDisk::unwrap)
                                            .toArray();
                            try {
                                Object result = method.invoke(path, plain);
                                return result instanceof Path other ? wrap(other) : result;
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                    }
                });
    }

    private interface Wrapped {
        Path real();
    }

    private static Object unwrap(Object argument) {
        return argument instanceof Wrapped wrapped ? wrapped.real() : argument;
    }

    private static Path real(Path path) {
        return (Path) unwrap(path);
    }

    @Override
    public String getScheme() {
        return "watched";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        return files;
    }

    @Override
    public Path getPath(URI uri) {
        return wrap(real.getPath(uri));
    }

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        if (options.contains(StandardOpenOption.CREATE) || options.contains(StandardOpenOption.CREATE_NEW)) {
            watch.before(Change.CREATE, path);
        }
        return new Channel(path, real.newFileChannel(real(path), options, attributes));
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path folder, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        DirectoryStream<Path> stream = real.newDirectoryStream(real(folder), path -> filter.accept(wrap(path)));
        return new DirectoryStream<>() {
            @Override
            public Iterator<Path> iterator() {
                Iterator<Path> paths = stream.iterator();
                return new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return paths.hasNext();
                    }

                    @Override
                    public Path next() {
                        return wrap(paths.next());
                    }
                };
            }

            @Override
            public void close() throws IOException {
                stream.close();
            }
        };
    }

    @Override
    public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
        watch.before(Change.CREATE, folder);
        real.createDirectory(real(folder), attributes);
    }

    @Override
    public void delete(Path path) throws IOException {
        watch.before(Change.DELETE, path);
        real.delete(real(path));
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
        watch.before(Change.CREATE, target);
        real.copy(real(source), real(target), options);
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        watch.before(Change.MOVE, target);
        real.move(real(source), real(target), options);
    }

    @Override
    public boolean isSameFile(Path one, Path two) throws IOException {
        return real.isSameFile(real(one), real(two));
    }

    @Override
    public boolean isHidden(Path path) throws IOException {
        return real.isHidden(real(path));
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
        return real.getFileStore(real(path));
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        real.checkAccess(real(path), modes);
    }

    @Override
    public <V extends FileAttributeView> V getFileAttributeView(Path path, Class<V> type, LinkOption... options) {
        return real.getFileAttributeView(real(path), type, options);
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
            throws IOException {
        return real.readAttributes(real(path), type, options);
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
        return real.readAttributes(real(path), attributes, options);
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
        real.setAttribute(real(path), attribute, value, options);
    }

    private final class Files extends FileSystem {
        private final FileSystem plain;

        Files(FileSystem plain) {
            this.plain = plain;
        }

        @Override
        public FileSystemProvider provider() {
            return WatchedDisk.this;
        }

        @Override
        public void close() {}

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public boolean isReadOnly() {
            return plain.isReadOnly();
        }

        @Override
        public String getSeparator() {
            return plain.getSeparator();
        }

        @Override
        public Iterable<Path> getRootDirectories() {
            return plain.getRootDirectories();
        }

        @Override
        public Iterable<FileStore> getFileStores() {
            return plain.getFileStores();
        }

        @Override
        public Set<String> supportedFileAttributeViews() {
            return plain.supportedFileAttributeViews();
        }

        @Override
        public Path getPath(String first, String... more) {
            return wrap(plain.getPath(first, more));
        }

        @Override
        public PathMatcher getPathMatcher(String pattern) {
            PathMatcher matcher = plain.getPathMatcher(pattern);
            return path -> matcher.matches(real(path));
        }

        @Override
        public UserPrincipalLookupService getUserPrincipalLookupService() {
            return plain.getUserPrincipalLookupService();
        }

        @Override
        public WatchService newWatchService() throws IOException {
            return plain.newWatchService();
        }
    }

    private final class Channel extends FileChannel {
        private final Path path;
        private final FileChannel plain;

        Channel(Path path, FileChannel plain) {
            this.path = path;
            this.plain = plain;
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            return plain.read(target);
        }

        @Override
        public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
            return plain.read(targets, offset, length);
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            watch.before(Change.WRITE, path);
            return plain.write(source);
        }

        @Override
        public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
            watch.before(Change.WRITE, path);
            return plain.write(sources, offset, length);
        }

        @Override
        public long position() throws IOException {
            return plain.position();
        }

        @Override
        public FileChannel position(long position) throws IOException {
            plain.position(position);
            return this;
        }

        @Override
        public long size() throws IOException {
            return plain.size();
        }

        @Override
        public FileChannel truncate(long size) throws IOException {
            plain.truncate(size);
            return this;
        }

        @Override
        public void force(boolean metaData) throws IOException {
            watch.before(Change.FORCE, path);
            plain.force(metaData);
        }

        @Override
        public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
            return plain.transferTo(position, count, target);
        }

        @Override
        public long transferFrom(ReadableByteChannel source, long position, long count) throws IOException {
            watch.before(Change.WRITE, path);
            return plain.transferFrom(source, position, count);
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return plain.read(target, position);
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            watch.before(Change.WRITE, path);
            return plain.write(source, position);
        }

        @Override
        public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
            return plain.map(mode, position, size);
        }

        @Override
        public MemorySegment map(MapMode mode, long offset, long size, Arena arena) throws IOException {
            return plain.map(mode, offset, size, arena);
        }

        @Override
        public FileLock lock(long position, long size, boolean shared) throws IOException {
            return plain.lock(position, size, shared);
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) throws IOException {
            return plain.tryLock(position, size, shared);
        }

        @Override
        protected void implCloseChannel() throws IOException {
            plain.close();
        }
    }
}
