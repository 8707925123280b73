/**
 * Byte-pair encoding: {@link org.nanochat4j.tokenizer.BpeTrainer} learns a vocabulary, {@link
 * org.nanochat4j.tokenizer.Tokenizer} turns text into ids and back, {@link org.nanochat4j.tokenizer.ChatRenderer} renders
 * conversations and {@link org.nanochat4j.tokenizer.TokenizerFiles} reads and writes the ecosystem's formats.
 */
package org.nanochat4j.tokenizer;
