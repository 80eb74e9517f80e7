#include "cluster/peer_machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/limits.hpp"
#include "wire/netstring.hpp"

namespace endpointd::cluster {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kWall{Duration(1795193700000000)};
constexpr std::size_t kMessageSize = 4096;

// A scripted peer: what it says goes in, what we do about it comes out as text.
class Conversation {
public:
    explicit Conversation(Role role) : machine(role, memory, {kMessageSize, 15s}, now) {
        machine.opened(actions);
        note();
    }
    void say(std::string_view payload) { bytes(wire::netstring(payload)); }
    void bytes(std::string_view raw) {
        machine.received(raw, now, kWall, actions);
        note();
    }
    void wait(Duration time) {
        const SteadyTime end = now + time;
        while (machine.next_wake() <= end && !closed) {
            now = std::max(now, machine.next_wake());
            machine.tick(now, actions);
            note();
        }
        now = end;
    }
    std::string take() { return std::exchange(story, {}); }

    SteadyTime now{};
    PeerMemory memory;
    PeerMachine machine;
    Actions actions;
    std::string story;
    bool closed = false;

private:
    void note() {
        for (const Action& action : actions) {
            if (const auto* send = std::get_if<Send>(&action)) story += "send " + send->payload + "\n";
            if (const auto* deliver = std::get_if<Deliver>(&action))
                story += "deliver " + std::string(wire::name_of(deliver->incoming.method)) + "\n";
            if (const auto* refuse = std::get_if<Refuse>(&action))
                story += "refuse " + refuse->method + (refuse->unknown_method ? " unknown" : "") + "\n";
            if (std::get_if<Close>(&action)) {
                story += "close\n";
                closed = true;
            }
        }
        actions.clear();
    }
};

const std::string kHelloSent =
    "send {\"jsonrpc\":\"2.0\",\"method\":\"icinga::Hello\",\"params\":{\"capabilities\":1,\"version\":21605}}\n";
const std::string kHello = R"({"jsonrpc":"2.0","method":"icinga::Hello","params":{"capabilities":1,"version":21306}})";
const std::string kHeartbeat = R"({"jsonrpc":"2.0","method":"event::Heartbeat","params":{}})";

TEST(PeerMachine, DialledSpeaksFirst) {
    Conversation talk(Role::dialled);
    EXPECT_EQ(talk.take(), kHelloSent);
}

TEST(PeerMachine, AcceptedStaysSilentUntilTheFirstByte) {
    Conversation talk(Role::accepted);
    EXPECT_EQ(talk.take(), "");
    talk.bytes("8");
    EXPECT_EQ(talk.take(), kHelloSent);
}

TEST(PeerMachine, AcceptedAnswersHttpWithNothing) {
    Conversation talk(Role::accepted);
    talk.bytes("GET / HTTP/1.1\r\n");
    EXPECT_EQ(talk.take(), "refuse \nclose\n");
    talk.say(kHello);
    talk.wait(100s);
    EXPECT_EQ(talk.take(), "");
}

TEST(PeerMachine, AcceptedGivesUpWithoutAFirstByte) {
    Conversation talk(Role::accepted);
    talk.wait(14s);
    EXPECT_EQ(talk.take(), "");
    talk.wait(1s);
    EXPECT_EQ(talk.take(), "close\n");
}

TEST(PeerMachine, RemembersTheHello) {
    Conversation talk(Role::accepted);
    talk.say(kHello);
    EXPECT_EQ(talk.take(), kHelloSent + "deliver icinga::Hello\n");
    EXPECT_EQ(talk.memory.version, 21306U);
    EXPECT_EQ(talk.memory.capabilities, 1U);
    EXPECT_EQ(talk.memory.last_message, kWall);
}

TEST(PeerMachine, BeatsEveryTwentySeconds) {
    Conversation talk(Role::dialled);
    talk.take();
    for (int beat = 0; beat < 10; ++beat) {
        talk.wait(20s);
        EXPECT_EQ(talk.take(), "send " + kHeartbeat + "\n");
        talk.say(kHeartbeat);
        EXPECT_EQ(talk.take(), "deliver event::Heartbeat\n");
    }
}

TEST(PeerMachine, DropsAPeerSilentForSixtySecondsEvenIfWeTalk) {
    Conversation talk(Role::dialled);
    talk.wait(59s);
    EXPECT_FALSE(talk.closed);
    talk.wait(1s);
    EXPECT_TRUE(talk.closed);
}

TEST(PeerMachine, CountsEveryByteAsASignOfLife) {
    Conversation talk(Role::dialled);
    const std::string frame = wire::netstring(kHeartbeat);
    for (const char c : frame) {
        talk.wait(50s);
        talk.bytes(std::string_view(&c, 1));
        ASSERT_FALSE(talk.closed);
    }
    EXPECT_NE(talk.take().find("deliver event::Heartbeat"), std::string::npos);
}

TEST(PeerMachine, AcknowledgesOnlyOnceATimestampWasSeen) {
    Conversation talk(Role::dialled);
    talk.take();
    talk.wait(6s);
    EXPECT_EQ(talk.take(), "");
    talk.say(R"({"jsonrpc":"2.0","method":"event::Heartbeat","params":{},"ts":1795193700.5})");
    talk.wait(5s);
    EXPECT_EQ(talk.take(),
              "deliver event::Heartbeat\nsend "
              "{\"jsonrpc\":\"2.0\",\"method\":\"log::SetLogPosition\",\"params\":{\"log_position\":1795193700.5}}\n");
}

TEST(PeerMachine, AcknowledgesAnExecutionBeforeItIsActedUpon) {
    Conversation talk(Role::dialled);
    talk.take();
    const std::string plain =
        R"({"method":"event::ExecuteCommand","params":{"macros":{},"command":"x","command_type":"check_command","host":"h")";
    talk.say(plain + R"(,"source":"u"},"ts":1795193700.5})");
    EXPECT_EQ(talk.take(),
              "send {\"jsonrpc\":\"2.0\",\"method\":\"log::SetLogPosition\",\"params\":{\"log_position\":1795193700.5}}\n"
              "deliver event::ExecuteCommand\n");
    talk.say(plain + R"(,"source":"u"}})");
    talk.say(plain + R"(},"ts":1795193701})");
    EXPECT_EQ(talk.take(), "deliver event::ExecuteCommand\ndeliver event::ExecuteCommand\n") << "nothing to acknowledge, and a check";
}

TEST(PeerMachine, DropsOlderTimestampsAndTakesEqualOnes) {
    Conversation talk(Role::dialled);
    talk.take();
    talk.say(R"({"method":"event::Heartbeat","params":{},"ts":10})");
    talk.say(R"({"method":"event::Heartbeat","params":{},"ts":9.9})");
    talk.say(R"({"method":"no::Such","params":{},"ts":9.9})");
    talk.say(R"({"method":"event::Heartbeat","params":{},"ts":10})");
    talk.say(R"({"method":"event::Heartbeat","params":{}})");
    EXPECT_EQ(talk.take(), "deliver event::Heartbeat\ndeliver event::Heartbeat\ndeliver event::Heartbeat\n");
}

TEST(PeerMachine, KeepsTheConnectionAfterAWrongTypeOrAnUnknownMethod) {
    Conversation talk(Role::dialled);
    talk.take();
    talk.say(R"({"method":"event::ExecuteCommand","params":{"macros":5,"command":"x","command_type":"check_command","host":"h"}})");
    talk.say(R"({"method":"event::Nonsense","params":{}})");
    talk.say(R"({"method":5,"params":{}})");
    talk.say(kHeartbeat);
    EXPECT_EQ(talk.take(), "refuse event::ExecuteCommand\nrefuse event::Nonsense unknown\nrefuse \ndeliver event::Heartbeat\n");
}

TEST(PeerMachine, ClosesOnBrokenFramesAndBrokenJson) {
    const std::string nested = std::string(33, '[') + std::string(33, ']');
    const struct {
        const char* why;
        std::string bytes;
    } cases[] = {
        {"non-digit before the colon", "1x:"},
        {"colon first", "7:abcdefg,:"},
        {"leading zero", "07:abcdefg,"},
        {"ten digits", "1234567890:"},
        {"above the limit", "4097:"},
        {"wrong trailer", "2:{}x"},
        {"empty payload", "0:,"},
        {"no JSON", "3:abc,"},
        {"an array", "2:[],"},
        {"a number", "1:7,"},
        {"a key twice", wire::netstring(R"({"method":"a","method":"b"})")},
        {"bytes behind the object", wire::netstring(R"({} x)")},
        {"invalid UTF-8", wire::netstring("{\"method\":\"\xff\"}")},
        {"too deep", wire::netstring("{\"params\":" + nested + "}")},
        {"the number that overflows RapidJSON", wire::netstring(R"({"params":0.0000000000001e-2147483639})")},
    };
    for (const auto& hostile : cases) {
        Conversation talk(Role::dialled);
        talk.take();
        talk.bytes(hostile.bytes);
        const std::string story = talk.take();
        EXPECT_TRUE(story.ends_with("refuse \nclose\n")) << hostile.why << ": " << story;
        talk.say(kHeartbeat);
        EXPECT_EQ(talk.take(), "") << hostile.why;
    }
}

TEST(PeerMachine, TellsAnEndInsideAFrameFromAnEndBetweenTwo) {
    Conversation between(Role::dialled);
    between.say(kHeartbeat);
    between.machine.ended(between.actions);
    EXPECT_EQ(between.actions.size(), 1U);
    Conversation inside(Role::dialled);
    inside.bytes("57:{\"json");
    inside.machine.ended(inside.actions);
    ASSERT_EQ(inside.actions.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<Refuse>(inside.actions[0]));
}

// The same conversation, cut at every byte: nothing is delivered twice, nothing
// half, and the end is always noticed.
TEST(PeerMachine, SurvivesItsPeerFailingAtEveryStep) {
    const std::string script =
        wire::netstring(kHello) + wire::netstring(R"({"method":"config::Update","params":{"update":{},"update_v2":{},"checksums":{}}})") +
        wire::netstring(
            R"({"method":"event::ExecuteCommand","params":{"command":"x","command_type":"check_command","host":"h","macros":{}}})");
    for (std::size_t cut = 0; cut <= script.size(); ++cut) {
        Conversation talk(Role::accepted);
        for (std::size_t i = 0; i < cut; i += 7) talk.bytes(std::string_view(script).substr(i, std::min<std::size_t>(7, cut - i)));
        const std::string story = talk.take();
        const auto delivered = std::count(story.begin(), story.end(), '\n') - (cut > 0 ? 1 : 0);
        EXPECT_LE(delivered, 3);
        EXPECT_EQ(delivered == 3, cut == script.size());
        talk.machine.ended(talk.actions);
        EXPECT_TRUE(std::holds_alternative<Close>(talk.actions.back()));
    }
}

}  // namespace
}  // namespace endpointd::cluster
