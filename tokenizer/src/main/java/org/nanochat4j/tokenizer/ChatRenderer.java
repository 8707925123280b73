package org.nanochat4j.tokenizer;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.tokenizer.Conversation.Content;
import org.nanochat4j.tokenizer.Conversation.Message;
import org.nanochat4j.tokenizer.Conversation.Part;
import org.nanochat4j.tokenizer.Conversation.Parts;
import org.nanochat4j.tokenizer.Conversation.Role;
import org.nanochat4j.tokenizer.Conversation.Text;

/** Conversations to token ids, with a mask of the tokens that the model is to learn to say. */
public final class ChatRenderer {

    /** Tokens of a conversation unless told otherwise; the rest is cut off. */
    public static final int DEFAULT_MAX_TOKENS = 2048;

    private final Tokenizer tokenizer;

    /**
     * A renderer with the special tokens of this tokenizer.
     *
     * @param tokenizer encodes the texts
     */
    public ChatRenderer(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * Renders at most {@link #DEFAULT_MAX_TOKENS} tokens for training.
     *
     * @param conversation messages; see {@link #render(Conversation, int)}
     * @return ids and mask
     */
    public RenderedChat render(Conversation conversation) {
        return render(conversation, DEFAULT_MAX_TOKENS);
    }

    /**
     * Renders a conversation for training. Supervised are what the assistant says, its tool calls and the end of its
     * messages; not the output of tools, and nothing of the user. The text of a leading system message is put, with an
     * empty line, before the first message of the user.
     *
     * @param conversation messages that alternate, the user's first, and optionally one of the system before
     * @param maxTokens ids beyond this are cut off
     * @return ids and mask
     * @throws TokenizerException if there is no message, roles do not alternate, or one that is not the assistant speaks
     *     in parts
     */
    public RenderedChat render(Conversation conversation, int maxTokens) {
        List<Message> messages = withoutSystem(conversation.messages());
        if (messages.isEmpty()) {
            throw new TokenizerException("the conversation has no message", "add at least a message of the user");
        }
        Tape tape = new Tape();
        tape.special(SpecialToken.BOS, false);
        for (int i = 0; i < messages.size(); i++) {
            Message message = messages.get(i);
            Role expected = i % 2 == 0 ? Role.USER : Role.ASSISTANT;
            if (message.role() != expected) {
                throw new TokenizerException(
                        "message " + i + " is of " + message.role() + ", but it is the turn of " + expected,
                        "user and assistant must alternate, the user first");
            }
            if (expected == Role.USER) {
                tape.special(SpecialToken.USER_START, false);
                tape.text(plainText(message), false);
                tape.special(SpecialToken.USER_END, false);
            } else {
                tape.special(SpecialToken.ASSISTANT_START, false);
                tape.content(message.content());
                tape.special(SpecialToken.ASSISTANT_END, true);
            }
        }
        return tape.cut(maxTokens);
    }

    /**
     * The ids after which the model is to answer in place of the last message, which must be the assistant's: everything
     * before it, cut to {@link #DEFAULT_MAX_TOKENS}, and {@code <|assistant_start|>}.
     *
     * @param conversation messages as for {@link #render(Conversation, int)}
     * @return ids, shape (n)
     * @throws TokenizerException if the last message is not the assistant's, or the rest cannot be rendered
     */
    public int[] renderForCompletion(Conversation conversation) {
        List<Message> messages = conversation.messages();
        if (messages.isEmpty() || messages.getLast().role() != Role.ASSISTANT) {
            throw new TokenizerException(
                    "the last message is not the assistant's",
                    "a completion stands in for an answer; add the answer, or render the conversation as it is");
        }
        RenderedChat question = render(new Conversation(messages.subList(0, messages.size() - 1)));
        int[] ids = new int[question.length() + 1];
        System.arraycopy(question.ids(), 0, ids, 0, question.length());
        ids[question.length()] = tokenizer.id(SpecialToken.ASSISTANT_START);
        return ids;
    }

    private static List<Message> withoutSystem(List<Message> messages) {
        if (messages.isEmpty() || messages.getFirst().role() != Role.SYSTEM) {
            return messages;
        }
        if (messages.size() < 2 || messages.get(1).role() != Role.USER) {
            throw new TokenizerException(
                    "the system message is not followed by one of the user", "add a message of the user after it");
        }
        List<Message> merged = new ArrayList<>(messages.subList(1, messages.size()));
        merged.set(0, Message.user(plainText(messages.getFirst()) + "\n\n" + plainText(merged.getFirst())));
        return merged;
    }

    private static String plainText(Message message) {
        return switch (message.content()) {
            case Text(String text) -> text;
            case Parts(var _) ->
                throw new TokenizerException(
                        "a message of " + message.role() + " comes in parts", "only the assistant may use tools");
        };
    }

    /** Ids and mask while they grow. */
    private final class Tape {

        private final IntBuffer ids = new IntBuffer(256);
        private final IntBuffer mask = new IntBuffer(256);

        void special(SpecialToken special, boolean supervised) {
            ids.add(tokenizer.id(special));
            mask.add(supervised ? 1 : 0);
        }

        void text(String text, boolean supervised) {
            for (int id : tokenizer.encode(text)) {
                ids.add(id);
                mask.add(supervised ? 1 : 0);
            }
        }

        void content(Content content) {
            switch (content) {
                case Text(String text) -> text(text, true);
                case Parts(List<Part> parts) -> parts.forEach(this::part);
            }
        }

        private void part(Part part) {
            switch (part) {
                case Part.Say(String text) -> text(text, true);
                case Part.Python(String text) -> {
                    special(SpecialToken.PYTHON_START, true);
                    text(text, true);
                    special(SpecialToken.PYTHON_END, true);
                }
                case Part.PythonOutput(String text) -> {
                    special(SpecialToken.OUTPUT_START, false);
                    text(text, false);
                    special(SpecialToken.OUTPUT_END, false);
                }
            }
        }

        RenderedChat cut(int maxTokens) {
            return new RenderedChat(ids.toArray(maxTokens), mask.toArray(maxTokens));
        }
    }
}
