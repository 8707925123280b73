package org.nanochat4j.tokenizer;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A byte-level BPE vocabulary with the nine special tokens behind it: text to token ids and back.
 *
 * <p>The rank of a mergeable token is its id; ids 0 to 255 are the single bytes. Immutable and safe for use by several
 * threads.
 *
 * <pre>{@code
 * Tokenizer tokenizer = TokenizerFiles.load(directory);
 * int[] ids = tokenizer.encode("Hello world", tokenizer.bos(), Tokenizer.NONE);
 * String text = tokenizer.decode(ids);
 * }</pre>
 */
public final class Tokenizer {

    /** In place of an id to prepend or append: nothing. */
    public static final int NONE = -1;

    /** Smallest vocabulary: 256 bytes and the special tokens. */
    public static final int SMALLEST_VOCABULARY = 256 + SpecialToken.ALL.size();

    private final ByteStrings tokens;
    private final byte[][] views;
    private final String fingerprint;
    private final ConcurrentLinkedQueue<PieceEncoder> encoders = new ConcurrentLinkedQueue<>();

    /**
     * A tokenizer over these mergeable tokens; the special tokens follow them.
     *
     * @param mergeable bytes of each token in order of rank, the 256 single bytes first, all distinct
     * @return the tokenizer
     * @throws TokenizerException if the single bytes are not there or a token is empty or occurs twice
     */
    public static Tokenizer of(List<byte[]> mergeable) {
        ByteStrings tokens = new ByteStrings(mergeable.size());
        for (byte[] token : mergeable) {
            int rank = tokens.size();
            if (rank < 256 && (token.length != 1 || token[0] != (byte) rank)) {
                throw new TokenizerException(
                        "token %d is %s, not the single byte %02x".formatted(rank, hex(token), rank),
                        "ids 0 to 255 must be the single bytes in order; convert the vocabulary, or train one");
            }
            if (token.length == 0 || tokens.add(token) != rank) {
                throw new TokenizerException(
                        "token %d, bytes %s, is %s"
                                .formatted(
                                        rank,
                                        hex(token),
                                        token.length == 0
                                                ? "empty"
                                                : "the same as token " + tokens.find(token, 0, token.length)),
                        "every token needs bytes of its own; train the vocabulary anew with another size");
            }
        }
        if (tokens.size() < 256) {
            throw new TokenizerException(
                    "vocabulary has only " + tokens.size() + " mergeable tokens",
                    "the 256 single bytes must be there; the file may be cut off");
        }
        return new Tokenizer(tokens);
    }

    private Tokenizer(ByteStrings tokens) {
        this.tokens = tokens;
        this.views = new byte[tokens.size() + SpecialToken.ALL.size()][];
        for (int id = 0; id < tokens.size(); id++) {
            views[id] = tokens.get(id);
        }
        for (SpecialToken special : SpecialToken.ALL) {
            views[id(special)] = special.text().getBytes(StandardCharsets.UTF_8);
        }
        this.fingerprint = fingerprint(views);
    }

    /** {@return the number of ids: mergeable and special tokens} */
    public int vocabSize() {
        return views.length;
    }

    /** {@return the number of mergeable tokens: 256 single bytes and one per merge} */
    public int mergeableSize() {
        return tokens.size();
    }

    /** {@return the id of {@code <|bos|>}, which starts every document} */
    public int bos() {
        return id(SpecialToken.BOS);
    }

    /**
     * Id of a special token.
     *
     * @param special which one
     * @return its id
     */
    public int id(SpecialToken special) {
        return tokens.size() + special.ordinal();
    }

    /**
     * Id of the special token with exactly this text.
     *
     * @param name literal text, such as {@code <|bos|>}
     * @return its id
     * @throws TokenizerException if there is no such special token
     */
    public int encodeSpecial(String name) {
        return SpecialToken.of(name)
                .map(this::id)
                .orElseThrow(() -> new TokenizerException(
                        "no special token '" + name + "'",
                        "use one of "
                                + SpecialToken.ALL.stream()
                                        .map(SpecialToken::text)
                                        .toList()));
    }

    /**
     * Token ids of a text. What looks like a special token is plain text; an unpaired surrogate is U+FFFD.
     *
     * @param text any text
     * @return ids, shape (n)
     */
    public int[] encode(String text) {
        return encode(text, NONE, NONE);
    }

    /**
     * Token ids of a text between two single ids.
     *
     * @param text any text; what looks like a special token is plain text
     * @param prepend id that comes first, or {@link #NONE}
     * @param append id that comes last, or {@link #NONE}
     * @return ids, shape (n)
     * @throws TokenizerException if an id is not in the vocabulary
     */
    public int[] encode(String text, int prepend, int append) {
        PieceEncoder encoder = borrow();
        int[] ids = encode(encoder, text, prepend, append);
        encoders.add(encoder);
        return ids;
    }

    private int[] encode(PieceEncoder encoder, String text, int prepend, int append) {
        addId(encoder, prepend);
        encoder.addText(Utf8.encode(text));
        addId(encoder, append);
        return encoder.takeIds();
    }

    /**
     * Token ids of many texts, in their order, by several threads.
     *
     * @param texts any texts
     * @param prepend id that comes first in each, or {@link #NONE}
     * @param append id that comes last in each, or {@link #NONE}
     * @param threads at most so many threads, the caller included
     * @return ids of each text, in the order of the texts
     * @throws TokenizerException if an id is not in the vocabulary
     */
    public List<int[]> encodeAll(List<String> texts, int prepend, int append, int threads) {
        int[][] results = new int[texts.size()][];
        AtomicInteger next = new AtomicInteger();
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        Runnable worker = () -> {
            try {
                // One encoder for the whole batch: its word memory stays in the cache of one core.
                PieceEncoder encoder = borrow();
                for (int i; (i = next.getAndIncrement()) < results.length; ) {
                    results[i] = encode(encoder, texts.get(i), prepend, append);
                }
                encoders.add(encoder);
            } catch (RuntimeException | Error problem) {
                failure.compareAndSet(null, problem);
                next.set(results.length);
            }
        };
        int helpers = Math.min(threads, results.length) - 1;
        Thread[] started = new Thread[Math.max(helpers, 0)];
        for (int i = 0; i < started.length; i++) {
            started[i] = Thread.ofPlatform().daemon().name("tokenizer-" + i).start(worker);
        }
        worker.run();
        for (Thread thread : started) {
            joinUninterruptibly(thread);
        }
        switch (failure.get()) {
            case null -> {}
            case RuntimeException problem -> throw problem;
            case Error problem -> throw problem;
            case Throwable problem -> throw new IllegalStateException(problem);
        }
        return Arrays.asList(results);
    }

    /**
     * Token ids of a text in which special tokens are recognised wherever their literal text stands. For trusted text
     * only: a user's message encoded like this could forge the structure of a conversation.
     *
     * @param text any text
     * @return ids, shape (n)
     */
    public int[] encodeWithSpecials(String text) {
        PieceEncoder encoder = borrow();
        int plain = 0;
        for (int at = text.indexOf("<|"); at >= 0; ) {
            SpecialToken special = specialAt(text, at);
            if (special == null) {
                at = text.indexOf("<|", at + 1);
            } else {
                encoder.addText(Utf8.encode(text.substring(plain, at)));
                encoder.add(id(special));
                plain = at + special.text().length();
                at = text.indexOf("<|", plain);
            }
        }
        encoder.addText(Utf8.encode(text.substring(plain)));
        int[] ids = encoder.takeIds();
        encoders.add(encoder);
        return ids;
    }

    /**
     * The text of these tokens, special tokens as their literal text. Each maximal ill-formed UTF-8 sequence becomes one
     * U+FFFD.
     *
     * @param ids token ids
     * @return the text
     * @throws TokenizerException if an id is not in the vocabulary
     */
    public String decode(int... ids) {
        StreamDecoder decoder = new StreamDecoder(this);
        StringBuilder text = new StringBuilder(4 * ids.length);
        for (int id : ids) {
            decoder.append(tokenView(id), text);
        }
        return text.append(decoder.finish()).toString();
    }

    /** {@return a decoder for tokens that arrive one by one} */
    public StreamDecoder streamDecoder() {
        return new StreamDecoder(this);
    }

    /**
     * The bytes of a token: UTF-8, possibly part of a character only; of a special token its literal text.
     *
     * @param id token id
     * @return a copy of the bytes
     * @throws TokenizerException if the id is not in the vocabulary
     */
    public byte[] bytes(int id) {
        return tokenView(id).clone();
    }

    /**
     * Bytes per token for the bits-per-byte metric, shape (vocabSize): the length of the token's bytes, 0 for a special
     * token, whose losses do not count.
     *
     * @return lengths in bytes, shape (vocabSize)
     */
    public int[] tokenBytes() {
        int[] lengths = new int[vocabSize()];
        for (int id = 0; id < tokens.size(); id++) {
            lengths[id] = views[id].length;
        }
        return lengths;
    }

    /** {@return the regular expression, in the syntax of Rust, that {@link #encode(String)} splits text by} */
    public String pattern() {
        return SplitScanner.PATTERN;
    }

    /**
     * What identifies the tokenizer: SHA-256, in hexadecimal, over the UTF-8 of the split pattern and then, in order of
     * id, every token, mergeable or special; each preceded by its length as a little-endian 32-bit number.
     *
     * @return 64 hexadecimal digits
     */
    public String fingerprint() {
        return fingerprint;
    }

    /** The bytes of a token, not to be changed. */
    byte[] tokenView(int id) {
        requireId(id);
        return views[id];
    }

    /** The id of these bytes among the mergeable tokens, or -1. */
    int rank(byte[] bytes, int from, int to) {
        return tokens.find(bytes, from, to);
    }

    private void requireId(int id) {
        if (id < 0 || id >= views.length) {
            throw new TokenizerException(
                    "token id " + id + " is outside the vocabulary, 0 to " + (views.length - 1),
                    "check that the ids were made with this tokenizer, fingerprint " + fingerprint);
        }
    }

    private void addId(PieceEncoder encoder, int id) {
        if (id != NONE) {
            requireId(id);
            encoder.add(id);
        }
    }

    /** An encoder of its own for the caller; one that failed half-way is not put back. */
    private PieceEncoder borrow() {
        PieceEncoder encoder = encoders.poll();
        return encoder == null ? new PieceEncoder(tokens) : encoder;
    }

    private static @Nullable SpecialToken specialAt(String text, int at) {
        for (SpecialToken special : SpecialToken.ALL) {
            if (text.startsWith(special.text(), at)) {
                return special;
            }
        }
        return null;
    }

    private static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException retry) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static String fingerprint(byte[][] tokens) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
        update(digest, SplitScanner.PATTERN.getBytes(StandardCharsets.UTF_8));
        for (byte[] token : tokens) {
            update(digest, token);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void update(MessageDigest digest, byte[] bytes) {
        int length = bytes.length;
        digest.update(new byte[] {(byte) length, (byte) (length >> 8), (byte) (length >> 16), (byte) (length >> 24)});
        digest.update(bytes);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
