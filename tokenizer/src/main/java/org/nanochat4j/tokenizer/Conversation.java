package org.nanochat4j.tokenizer;

import java.util.List;

/**
 * A conversation as training and chat know it: messages that alternate between user and assistant, optionally after one
 * of the system. The order is checked when it is rendered.
 *
 * @param messages the messages in order
 */
public record Conversation(List<Message> messages) {

    /** Copies the list. */
    public Conversation {
        messages = List.copyOf(messages);
    }

    /**
     * A conversation of these messages.
     *
     * @param messages the messages in order
     * @return the conversation
     */
    public static Conversation of(Message... messages) {
        return new Conversation(List.of(messages));
    }

    /**
     * Reads {@code {"messages": [{"role": ..., "content": ...}, ...]}}; content is a string or a list of {@code {"type":
     * ..., "text": ...}}. Other fields are ignored.
     *
     * @param json one conversation
     * @return the conversation
     * @throws TokenizerException if it is not JSON of this form
     */
    public static Conversation fromJson(String json) {
        return ConversationJson.read(json);
    }

    /** Who speaks. */
    public enum Role {
        /** Sets the tone; its text is put in front of the first message of the user. */
        SYSTEM,
        /** The human. */
        USER,
        /** The model. */
        ASSISTANT
    }

    /**
     * What one side says in one turn.
     *
     * @param role who speaks
     * @param content what is said
     */
    public record Message(Role role, Content content) {

        /**
         * A message of the system.
         *
         * @param text its text
         * @return the message
         */
        public static Message system(String text) {
            return new Message(Role.SYSTEM, new Text(text));
        }

        /**
         * A message of the user.
         *
         * @param text its text
         * @return the message
         */
        public static Message user(String text) {
            return new Message(Role.USER, new Text(text));
        }

        /**
         * A message of the assistant in plain text.
         *
         * @param text its text
         * @return the message
         */
        public static Message assistant(String text) {
            return new Message(Role.ASSISTANT, new Text(text));
        }

        /**
         * A message of the assistant with uses of the calculator.
         *
         * @param parts text, expressions and their results in order
         * @return the message
         */
        public static Message assistant(Part... parts) {
            return new Message(Role.ASSISTANT, new Parts(List.of(parts)));
        }
    }

    /** Plain text, or parts of which some are tool calls. */
    public sealed interface Content {}

    /**
     * Plain text.
     *
     * @param text the text
     */
    public record Text(String text) implements Content {}

    /**
     * Text mixed with tool calls; for the assistant only.
     *
     * @param parts the parts in order
     */
    public record Parts(List<Part> parts) implements Content {

        /** Copies the list. */
        public Parts {
            parts = List.copyOf(parts);
        }
    }

    /** A part of a message; each is tokenised on its own. */
    public sealed interface Part {

        /** {@return the text of the part} */
        String text();

        /**
         * What the assistant says.
         *
         * @param text the text
         */
        record Say(String text) implements Part {}

        /**
         * An expression that the assistant has evaluated.
         *
         * @param text the expression
         */
        record Python(String text) implements Part {}

        /**
         * The tool's answer; never a target of training.
         *
         * @param text the answer
         */
        record PythonOutput(String text) implements Part {}
    }
}
