package org.nanochat4j.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.tokenizer.Conversation.Message;
import org.nanochat4j.tokenizer.Conversation.Part;
import org.nanochat4j.tokenizer.Conversation.Parts;
import org.nanochat4j.tokenizer.Conversation.Role;

@DisplayName("chat rendering")
class ChatRendererTest {

    private final Tokenizer tokenizer = TestVocabulary.english();
    private final ChatRenderer renderer = new ChatRenderer(tokenizer);

    @Test
    @DisplayName("supervised: the assistant's text, its tool calls and its end; not the tool's output")
    void masks() {
        RenderedChat chat = renderer.render(Conversation.of(
                Message.user("the <|bos|>"),
                Message.assistant(
                        new Part.Say("then "),
                        new Part.Python("1+1"),
                        new Part.PythonOutput("2"),
                        new Part.Say("ten"))));
        assertEquals(
                "<|bos|><|user_start|>the <|bos|><|user_end|><|assistant_start|>then <|python_start|>1+1<|python_end|>"
                        + "<|output_start|>2<|output_end|>ten<|assistant_end|>",
                tokenizer.decode(chat.ids()));
        int[] supervised = new int[chat.length()];
        int n = 0;
        for (int i = 0; i < chat.length(); i++) {
            if (chat.mask()[i] == 1) {
                supervised[n++] = chat.ids()[i];
            }
        }
        assertEquals(
                "then <|python_start|>1+1<|python_end|>ten<|assistant_end|>",
                tokenizer.decode(Arrays.copyOf(supervised, n)));
        assertEquals(
                1, Arrays.stream(chat.ids()).filter(id -> id == tokenizer.bos()).count());
        assertTrue(chat.toAnsi(tokenizer, true).contains("(" + tokenizer.bos() + ")"));
    }

    @Test
    @DisplayName("the system's text joins the first question; the cut is exact; a completion opens the answer")
    void systemCutAndCompletion() {
        Conversation conversation =
                Conversation.of(Message.system("be terse"), Message.user("hen?"), Message.assistant("yes"));
        RenderedChat merged = renderer.render(conversation);
        assertArrayEquals(
                renderer.render(Conversation.of(Message.user("be terse\n\nhen?"), Message.assistant("yes")))
                        .ids(),
                merged.ids());
        RenderedChat cut = renderer.render(conversation, 5);
        assertArrayEquals(Arrays.copyOf(merged.ids(), 5), cut.ids());
        assertArrayEquals(Arrays.copyOf(merged.mask(), 5), cut.mask());
        assertEquals(
                "<|bos|><|user_start|>be terse\n\nhen?<|user_end|><|assistant_start|>",
                tokenizer.decode(renderer.renderForCompletion(conversation)));
        Conversation endless = Conversation.of(Message.user("q ".repeat(3000)), Message.assistant("a"));
        assertEquals(2049, renderer.renderForCompletion(endless).length);
    }

    @Test
    @DisplayName("wrong turns are refused")
    void refuses() {
        assertRefused(Conversation.of());
        assertRefused(Conversation.of(Message.assistant("first")));
        assertRefused(Conversation.of(Message.user("a"), Message.user("b")));
        assertRefused(Conversation.of(Message.system("alone")));
        assertRefused(Conversation.of(Message.system("s"), Message.assistant("a")));
        assertRefused(Conversation.of(Message.user("a"), Message.system("late")));
        assertRefused(Conversation.of(new Message(Role.USER, new Parts(List.of()))));
        assertThrows(
                TokenizerException.class,
                () -> renderer.renderForCompletion(Conversation.of(Message.user("no answer"))));
        assertThrows(
                TokenizerException.class,
                () -> renderer.renderForCompletion(Conversation.of(Message.assistant("no question"))));
    }

    @Test
    @DisplayName("JSON: strings, parts, and fields of tasks")
    void json() {
        assertEquals(
                Conversation.of(
                        Message.system("s"),
                        Message.user("u"),
                        Message.assistant(new Part.Say("a"), new Part.Python("1"), new Part.PythonOutput("2"))),
                Conversation.fromJson("""
                        {"id": 7, "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"},
                        {"role": "assistant", "content": [{"type": "text", "text": "a"},
                        {"type": "python", "text": "1"}, {"type": "python_output", "text": "2"}]}]}"""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{}",
                "{\"messages\": 1}",
                "{\"messages\": [{\"role\": \"tool\", \"content\": \"x\"}]}",
                "{\"messages\": [{\"role\": \"user\"}]}",
                "{\"messages\": [{\"content\": \"x\"}]}",
                "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image\", \"text\": \"x\"}]}]}",
                "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\"}]}]}"
            })
    @DisplayName("JSON of another form is refused")
    void badJson(String json) {
        assertThrows(TokenizerException.class, () -> Conversation.fromJson(json));
    }

    private void assertRefused(Conversation conversation) {
        assertThrows(TokenizerException.class, () -> renderer.render(conversation));
    }
}
