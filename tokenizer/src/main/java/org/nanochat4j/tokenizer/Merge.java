package org.nanochat4j.tokenizer;

/**
 * One learned merge; the k-th makes token 256 + k.
 *
 * @param left id of the left token
 * @param right id of the right token
 * @param count occurrences of the pair in the corpus when it was chosen, overlapping ones included
 */
public record Merge(int left, int right, long count) {}
