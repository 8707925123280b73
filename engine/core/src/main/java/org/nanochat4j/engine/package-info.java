/** Tensors, their types, and what interprets the ops applied to them. */
package org.nanochat4j.engine;
