package org.nanochat4j.tokenizer;

/**
 * A conversation as the model sees it. The mask marks tokens as targets; training shifts it by one.
 *
 * @param ids token ids, shape (n)
 * @param mask 1 where the model is to learn the token, else 0, shape (n)
 */
@SuppressWarnings("ArrayRecordComponent") // ids go to the model as they are; records of this type are not compared
public record RenderedChat(int[] ids, int[] mask) {

    private static final String GREEN = "\u001B[32m";
    private static final String RED = "\u001B[31m";
    private static final String GREY = "\u001B[90m";
    private static final String PLAIN = "\u001B[0m";

    /** {@return the number of tokens} */
    public int length() {
        return ids.length;
    }

    /**
     * The tokens for a terminal: supervised ones green, others red, separated by bars.
     *
     * @param tokenizer with which the conversation was rendered
     * @param withIds whether to add the ids in grey
     * @return text with escape sequences for colours
     */
    public String toAnsi(Tokenizer tokenizer, boolean withIds) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < ids.length; i++) {
            text.append(i == 0 ? "" : "|");
            text.append(mask[i] == 1 ? GREEN : RED)
                    .append(tokenizer.decode(ids[i]))
                    .append(PLAIN);
            if (withIds) {
                text.append(GREY).append('(').append(ids[i]).append(')').append(PLAIN);
            }
        }
        return text.toString();
    }
}
