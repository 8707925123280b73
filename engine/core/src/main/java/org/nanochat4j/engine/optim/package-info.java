/** Optimizers as ops of an update program: AdamW, Muon, and schedules of their hyper-parameters. */
package org.nanochat4j.engine.optim;
