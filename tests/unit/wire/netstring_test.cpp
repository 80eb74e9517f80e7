#include "wire/netstring.hpp"

#include <gtest/gtest.h>

namespace endpointd::wire {
namespace {

// All payloads of `bytes`, then the error or "more".
std::vector<std::string> read_all(std::string_view bytes, std::size_t piece, std::size_t most = 1000) {
    NetstringReader reader(most);
    std::vector<std::string> seen;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        reader.feed(bytes.substr(at, piece));
        for (;;) {
            auto frame = reader.next();
            if (!frame) {
                seen.push_back(frame.error().text);
                return seen;
            }
            if (!*frame) break;
            seen.push_back(std::move(**frame));
        }
    }
    seen.push_back("more");
    return seen;
}

std::string error_of(std::string_view bytes) { return read_all(bytes, bytes.size()).back(); }

using Strings = std::vector<std::string>;

TEST(Netstring, ReadsFramesHoweverTheyAreCut) {
    const std::string bytes = netstring("{}") + netstring("") + netstring("hello, world:") + netstring(std::string(300, 'x')) + "5:ab";
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
        EXPECT_EQ(read_all(bytes, piece), (Strings{"{}", "", "hello, world:", std::string(300, 'x'), "more"})) << piece;
}

TEST(Netstring, WritesNoLeadingZero) {
    EXPECT_EQ(netstring(""), "0:,");
    EXPECT_EQ(netstring(R"({"jsonrpc":"2.0","method":"event::Heartbeat","params":{}})"),
              R"(57:{"jsonrpc":"2.0","method":"event::Heartbeat","params":{}},)");
}

TEST(Netstring, RefusesANonDigit) {
    EXPECT_EQ(error_of("a"), "netstring: 'a' in the length");
    EXPECT_EQ(error_of("1x:"), "netstring: 'x' in the length");
    EXPECT_EQ(error_of("-1:"), "netstring: '-' in the length");
    EXPECT_EQ(error_of("\x1b"), "netstring: '\\x1b' in the length");
    EXPECT_EQ(error_of("GET / HTTP/1.1"), "netstring: 'G' in the length");
    EXPECT_EQ(error_of(std::string_view("\0", 1)), "netstring: '\\x00' in the length");
}

TEST(Netstring, RefusesAMissingLength) { EXPECT_EQ(error_of(":x,"), "netstring: no length before the colon"); }

TEST(Netstring, RefusesALeadingZero) {
    EXPECT_EQ(error_of("01:x,"), "netstring: leading zero in the length");
    EXPECT_EQ(error_of("00"), "netstring: leading zero in the length");
}

TEST(Netstring, RefusesMoreThanNineDigits) {
    EXPECT_EQ(error_of("1000000000"), "netstring: more than 9 digits in the length");
    EXPECT_EQ(read_all("999999999:", 100, 999'999'999).back(), "more");
}

TEST(Netstring, RefusesALengthAboveTheLimitBeforeThePayload) {
    EXPECT_EQ(error_of("1001:"), "netstring: 1001 bytes announced, at most 1000 are allowed");
    EXPECT_EQ(error_of("999999999:"), "netstring: 999999999 bytes announced, at most 1000 are allowed");
    NetstringReader reader(10);
    reader.feed("11:");
    EXPECT_EQ(reader.next().error().code, Errc::too_large);
    EXPECT_EQ(read_all(netstring(std::string(1000, 'x')), 7).front().size(), 1000U);
}

TEST(Netstring, RefusesAnotherTrailer) {
    EXPECT_EQ(error_of("2:{};"), "netstring: ';' where the comma belongs");
    EXPECT_EQ(error_of("0:}"), "netstring: '}' where the comma belongs");
}

TEST(Netstring, AnErrorIsForGood) {
    NetstringReader reader(10);
    reader.feed("x");
    EXPECT_FALSE(reader.next());
    reader.feed(netstring("ok"));
    EXPECT_EQ(reader.next().error().text, "netstring: 'x' in the length");
    EXPECT_EQ(reader.buffered(), 0U);
}

TEST(Netstring, FramesBeforeAnErrorAreStillRead) { EXPECT_EQ(read_all("2:{},x", 100), (Strings{"{}", "netstring: 'x' in the length"})); }

TEST(Netstring, TheLimitCanBeRaisedMidStream) {
    NetstringReader reader(4);
    reader.feed(netstring("1234") + netstring("12345678"));
    EXPECT_EQ(**reader.next(), "1234");
    reader.set_max(8);
    EXPECT_EQ(**reader.next(), "12345678");
}

TEST(Netstring, KnowsWhetherAFrameHasBegun) {
    NetstringReader reader(10);
    EXPECT_FALSE(reader.in_frame());
    for (const char* part : {"2", ":", "{", "}"}) {
        reader.feed(part);
        EXPECT_FALSE(reader.next()->has_value());
        EXPECT_TRUE(reader.in_frame()) << part;
    }
    reader.feed(",");
    EXPECT_TRUE(reader.next()->has_value());
    EXPECT_FALSE(reader.in_frame());
}

TEST(Netstring, AnAnnouncedLengthReservesNothing) {
    NetstringReader reader(999'999'999);
    reader.feed("999999999:abc");
    EXPECT_FALSE(reader.next()->has_value());
    EXPECT_EQ(reader.buffered(), 3U);
}

}  // namespace
}  // namespace endpointd::wire
