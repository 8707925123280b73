/** The ops: one record each with shape rule, gradient rule and cost. */
package org.nanochat4j.engine.op;
