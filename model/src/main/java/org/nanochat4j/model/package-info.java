/** GPT: configuration, forward pass, training and generation programs, scoring and checkpoints. */
package org.nanochat4j.model;
