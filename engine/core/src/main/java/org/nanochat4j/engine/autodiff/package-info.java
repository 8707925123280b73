/** Reverse-mode automatic differentiation over any interpreter. */
package org.nanochat4j.engine.autodiff;
