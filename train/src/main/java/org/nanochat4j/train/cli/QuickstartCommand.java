package org.nanochat4j.train.cli;

import picocli.CommandLine.Command;

@Command(name = "quickstart", description = "Train a tokenizer and a small model on real text, and show what it writes.")
final class QuickstartCommand extends Verb {
    QuickstartCommand(Console console) {
        super(console);
    }

    @Override
    void run() {
        throw UserError.failure("x", "y");
    }
}
