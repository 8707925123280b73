package org.nanochat4j.tokenizer;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.tokenizer.Conversation.Content;
import org.nanochat4j.tokenizer.Conversation.Message;
import org.nanochat4j.tokenizer.Conversation.Part;
import org.nanochat4j.tokenizer.Conversation.Parts;
import org.nanochat4j.tokenizer.Conversation.Role;
import org.nanochat4j.tokenizer.Conversation.Text;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The JSON form of conversations. */
final class ConversationJson {

    private static final JsonMapper JSON = JsonMapper.shared();

    private ConversationJson() {}

    static Conversation read(String json) {
        JsonNode root;
        try {
            root = JSON.readTree(json);
        } catch (JacksonException broken) {
            throw new TokenizerException(
                    "a conversation is not JSON: " + broken.getOriginalMessage(),
                    "each must be one object with a list \"messages\"",
                    broken);
        }
        JsonNode messages = root.path("messages");
        if (!messages.isArray()) {
            throw new TokenizerException(
                    "a conversation has no list \"messages\"",
                    "write {\"messages\": [{\"role\": ..., \"content\": ...}]}");
        }
        List<Message> read = new ArrayList<>();
        for (JsonNode message : messages) {
            String where = "message " + read.size();
            read.add(new Message(role(string(message, "role", where), where), content(message.path("content"), where)));
        }
        return new Conversation(read);
    }

    private static Role role(String name, String where) {
        return switch (name) {
            case "system" -> Role.SYSTEM;
            case "user" -> Role.USER;
            case "assistant" -> Role.ASSISTANT;
            default ->
                throw new TokenizerException(
                        where + ": unknown role '" + name + "'", "roles are system, user and assistant");
        };
    }

    private static Content content(JsonNode content, String where) {
        if (content.isString()) {
            return new Text(content.stringValue());
        }
        if (!content.isArray()) {
            throw new TokenizerException(
                    where + ": \"content\" is neither a string nor a list", "write a string, or a list of parts");
        }
        List<Part> parts = new ArrayList<>();
        for (JsonNode part : content) {
            String inside = where + ", part " + parts.size();
            parts.add(part(string(part, "type", inside), string(part, "text", inside), inside));
        }
        return new Parts(parts);
    }

    private static Part part(String type, String text, String where) {
        return switch (type) {
            case "text" -> new Part.Say(text);
            case "python" -> new Part.Python(text);
            case "python_output" -> new Part.PythonOutput(text);
            default ->
                throw new TokenizerException(
                        where + ": unknown type '" + type + "'", "types are text, python and python_output");
        };
    }

    private static String string(JsonNode object, String field, String where) {
        JsonNode value = object.path(field);
        if (!value.isString()) {
            throw new TokenizerException(where + ": no string \"" + field + "\"", "add the field");
        }
        return value.stringValue();
    }
}
